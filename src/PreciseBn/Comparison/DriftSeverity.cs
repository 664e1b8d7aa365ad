namespace PreciseBn.Comparison;

/// <summary>
/// How bad it is that statistics have moved: the one policy of colours, findings, reports and, by default, gates. A model notices more
/// than the lower limits, and suffers from the higher ones.
/// </summary>
/// <remarks>
/// With the digits network of the tests, changes of brightness and contrast below the higher limits cost at most 0.3 points of its
/// 97.1 % accuracy, and those above cost up to 9.
/// </remarks>
public static class DriftSeverity
{
    /// <summary>A change of a mean above this is a warning, in deviations.</summary>
    public const double LargeMeanShift = 0.1;

    /// <summary>A change of a mean above this is an error, in deviations.</summary>
    public const double VeryLargeMeanShift = 0.25;

    /// <summary>A ratio of variances above this is a warning.</summary>
    public const double LargeVarianceRatio = 1.2;

    /// <summary>A ratio of variances above this is an error.</summary>
    public const double VeryLargeVarianceRatio = 1.5;

    /// <summary>How bad the larger of both is.</summary>
    /// <param name="meanShift">Change of a mean, in deviations.</param>
    /// <param name="varianceRatio">Ratio of variances, at least 1.</param>
    public static FindingSeverity Of(double meanShift, double varianceRatio) =>
        (FindingSeverity)Math.Max((int)OfMeanShift(meanShift), (int)OfVarianceRatio(varianceRatio));

    /// <summary>How bad a change of a mean is.</summary>
    /// <param name="meanShift">The change, in deviations.</param>
    public static FindingSeverity OfMeanShift(double meanShift) => Judge(meanShift, LargeMeanShift, VeryLargeMeanShift);

    /// <summary>How bad a change of a variance is.</summary>
    /// <param name="varianceRatio">The larger variance over the smaller.</param>
    public static FindingSeverity OfVarianceRatio(double varianceRatio) => Judge(varianceRatio, LargeVarianceRatio, VeryLargeVarianceRatio);

    // NaN is below no limit, so that it is an error.
    private static FindingSeverity Judge(double value, double large, double veryLarge) =>
        value <= large ? FindingSeverity.Information : value <= veryLarge ? FindingSeverity.Warning : FindingSeverity.Error;
}

/// <summary>
/// Distances between the mean and variance of a channel and those of a reference, the same in tables, findings, gates and reports.
/// What a layer does to its input is decided by its variance with eps added, which all of them count in: so a channel that is as good
/// as constant on both sides is near, however many times larger one of two tiny variances is.
/// </summary>
internal static class Distance
{
    /// <summary>PyTorch's default, where a file does not say what a layer adds.</summary>
    private const double UsualEps = 1e-5;

    /// <summary>|mean − reference mean| in standard deviations of the reference; infinite if that has none and the means differ.</summary>
    public static double MeanShift(double referenceMean, double referenceVariance, double mean, double eps) =>
        mean == referenceMean ? 0 : Math.Abs(mean - referenceMean) / Math.Sqrt(referenceVariance + Known(eps));

    /// <summary>The larger variance over the smaller, at least 1; infinite if only one of them is 0 and there is no eps.</summary>
    public static double VarianceRatio(double referenceVariance, double variance, double eps)
    {
        var (reference, other) = (referenceVariance + Known(eps), variance + Known(eps));
        return other == reference ? 1 : Math.Max(other / reference, reference / other);
    }

    /// <summary>Kullback-Leibler divergence of N(mean, variance) from N(reference mean, reference variance), in nats.</summary>
    public static double Divergence(double referenceMean, double referenceVariance, double mean, double variance, double eps)
    {
        if (mean == referenceMean && variance == referenceVariance)
            return 0;
        var ratio = (variance + Known(eps)) / (referenceVariance + Known(eps));
        var shift = MeanShift(referenceMean, referenceVariance, mean, eps);
        return 0.5 * (ratio - 1 - Math.Log(ratio) + (shift * shift));
    }

    /// <summary>The largest of some numbers, of which there is one at least; NaN if one of them is, as it may be anything.</summary>
    public static double Largest(IEnumerable<double> values) => values.Aggregate(Math.Max);

    /// <summary>The largest of a number for each channel, likewise.</summary>
    public static double Largest(int channels, Func<int, double> value) => Largest(Enumerable.Range(0, channels).Select(value));

    /// <summary>What a layer adds, as far as that can be told.</summary>
    public static double Known(double eps) => double.IsNaN(eps) ? UsualEps : eps;
}

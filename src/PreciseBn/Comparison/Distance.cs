namespace PreciseBn.Comparison;

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

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

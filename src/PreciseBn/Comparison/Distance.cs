namespace PreciseBn.Comparison;

/// <summary>Distances between the mean and variance of a channel and those of a reference.</summary>
internal static class Distance
{
    /// <summary>|mean − reference mean| in deviations of the reference; infinite if that has none and the means differ.</summary>
    public static double MeanShift(double referenceMean, double referenceVariance, double mean) =>
        mean == referenceMean ? 0 : Math.Abs(mean - referenceMean) / Math.Sqrt(referenceVariance);

    /// <summary>The larger variance over the smaller, at least 1; infinite if only one of them is 0.</summary>
    public static double VarianceRatio(double referenceVariance, double variance) =>
        variance == referenceVariance ? 1 : Math.Max(variance / referenceVariance, referenceVariance / variance);

    /// <summary>Kullback-Leibler divergence of N(mean, variance) from N(reference mean, reference variance), in nats.</summary>
    public static double Divergence(double referenceMean, double referenceVariance, double mean, double variance)
    {
        if (mean == referenceMean && variance == referenceVariance)
            return 0;
        var ratio = variance / referenceVariance;
        var shift = MeanShift(referenceMean, referenceVariance, mean);
        return 0.5 * (ratio - 1 - Math.Log(ratio) + (shift * shift));
    }
}

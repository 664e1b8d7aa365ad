namespace PreciseBn.Comparison;

/// <summary>
/// Of all statistics that a layer may have, given the sampling errors of those that were measured, the ones closest to a
/// reference: what remains of a difference that noise cannot explain.
/// </summary>
internal sealed record ClosestStatistics : ILayerStatistics
{
    public required string Name { get; init; }

    public required double[] Mean { get; init; }

    public required double[] Variance { get; init; }

    public required double Eps { get; init; }

    public long? BatchesTracked => null;

    public string? Path => null;

    /// <param name="reference">The reference.</param>
    /// <param name="difference">The statistics that are compared with it, of as many channels.</param>
    /// <param name="noise">How far the two may differ by chance.</param>
    public static ClosestStatistics Find(ILayerStatistics reference, ILayerStatistics difference, SamplingNoise noise) => new()
    {
        Name = difference.Name,
        Eps = reference.Eps,
        Mean = reference.Mean.Select((mean, channel) =>
            mean + Shrink(difference.Mean[channel] - mean, noise.Mean[channel])).ToArray(),
        Variance = reference.Variance.Select((variance, channel) => variance == difference.Variance[channel]
            ? variance
            : variance * Math.Exp(Shrink(Math.Log(difference.Variance[channel] / variance), noise.LogVariance[channel]))).ToArray(),
    };

    private static double Shrink(double change, double margin) =>
        Math.Abs(change) <= margin ? 0 : change - Math.CopySign(margin, change);
}

/// <summary>What a layer had before its statistics were recomputed.</summary>
internal sealed class PreviousStatistics(BnStat stat) : ILayerStatistics
{
    public string Name => stat.Name;

    public double[] Mean => stat.PreviousMean;

    public double[] Variance => stat.PreviousVariance;

    public double Eps => stat.Eps;

    public long? BatchesTracked => stat.BatchesTracked - stat.Batches;

    public string? Path => stat.Path;
}

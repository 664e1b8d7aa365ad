namespace PreciseBn.Comparison;

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

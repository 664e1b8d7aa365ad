using PreciseBn.Comparison;
using PreciseBn.Primitives;
using PreciseBn.Transfer;

namespace PreciseBn;

/// <summary>Compares the statistics of layers with those of a reference.</summary>
public static class BnComparer
{
    /// <summary>
    /// Matches layers by name, in the order of the reference; those that it lacks come last. A prefix that only one side has, and what
    /// wrappers such as torch.compile add to names, make no difference.
    /// </summary>
    public static IEnumerable<LayerPair> Match(
        IReadOnlyList<ILayerStatistics> reference, IReadOnlyList<ILayerStatistics> difference) =>
        LayerMatching.Pair(reference, difference).Select(pair => new LayerPair(pair.First, pair.Second));

    /// <summary>Measures how far apart the two sides are.</summary>
    /// <exception cref="PreciseBnException">They differ in their number of channels.</exception>
    public static BnComparison Compare(LayerPair pair) => pair switch
    {
        { Reference: { } reference, Difference: { } difference } => Compare(reference, difference),
        { Reference: { } only } => OneSided(only, Presence.ReferenceOnly) with { Reference = only },
        { Difference: { } only } => OneSided(only, Presence.DifferenceOnly) with { Difference = only },
        _ => throw new ArgumentException("A pair needs a layer on one side at least.", nameof(pair)),
    };

    /// <summary>Measures how far recomputed statistics are from those that the layer had before.</summary>
    public static BnComparison CompareWithPrevious(BnStat stat) => Compare(new PreviousStatistics(stat), stat);

    private static BnComparison Compare(ILayerStatistics reference, ILayerStatistics difference)
    {
        var channels = reference.Mean.Length;
        if (difference.Mean.Length != channels)
            throw SizesDiffer(reference, difference);
        var eps = double.IsNaN(reference.Eps) ? difference.Eps : reference.Eps;
        var divergences = Enumerable.Range(0, channels).Select(channel => Distance.Divergence(
            reference.Mean[channel], reference.Variance[channel], difference.Mean[channel], difference.Variance[channel], eps)).ToArray();
        var worst = Array.IndexOf(divergences, Distance.Largest(divergences));
        return new BnComparison
        {
            Name = reference.Name,
            Channels = channels,
            Reference = reference,
            Difference = difference,
            Presence = Presence.Both,
            MeanShift = Distance.Largest(channels, channel =>
                Distance.MeanShift(reference.Mean[channel], reference.Variance[channel], difference.Mean[channel], eps)),
            VarianceRatio = Distance.Largest(channels, channel =>
                Distance.VarianceRatio(reference.Variance[channel], difference.Variance[channel], eps)),
            Divergence = divergences.Average(),
            MaxDivergence = divergences[worst],
            WorstChannel = worst,
        };
    }

    private static BnComparison OneSided(ILayerStatistics layer, Presence presence) =>
        new() { Name = layer.Name, Channels = layer.Mean.Length, Presence = presence };

    private static PreciseBnException SizesDiffer(ILayerStatistics reference, ILayerStatistics difference) => new(
        "ChannelsDiffer", ErrorKind.InvalidData,
        $"The layer '{reference.Name}' has {reference.Mean.Length} channels in the reference, but {difference.Mean.Length} in what is compared.",
        "Compare models of the same architecture.", reference.Name);
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

    public string? Program => stat.Program;
}

namespace PreciseBn.Statistics;

/// <summary>What can be wrong with the observation of a batch.</summary>
internal enum ObservationFaultKind
{
    /// <summary>The values of a layer contain NaN or infinity.</summary>
    NonFinite,

    /// <summary>A layer was called more than once.</summary>
    Reused,

    /// <summary>A layer was given a single value of each channel, by whose variance nothing can be normalised.</summary>
    SingleValue,
}

/// <summary>A batch that cannot go into the moments, and the layers that it is wrong in.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Batch">Index of the batch, from 0.</param>
/// <param name="Layers">Indices of the layers, in the order in which they are listed.</param>
internal sealed record ObservationFault(ObservationFaultKind Kind, long Batch, IReadOnlyList<int> Layers)
{
    /// <summary>Looks for what is wrong with a batch.</summary>
    public static ObservationFault? Find(ObservedBatch batch, ObservationLayout layout, ObservationRules rules, long index)
    {
        if (!rules.AllowReuse && Where(layout, layer => layout.CountsOf(batch.Means.Span, layer).Uses > 1) is { Count: > 0 } reused)
            return new ObservationFault(ObservationFaultKind.Reused, index, reused);
        if (!rules.AllowSingleValues && Where(layout, layer => layout.CountsOf(batch.Means.Span, layer).Singles > 0) is { Count: > 0 } single)
            return new ObservationFault(ObservationFaultKind.SingleValue, index, single);
        if (!rules.SkipNonFinite && HasNonFinite(batch, layout))
            return new ObservationFault(ObservationFaultKind.NonFinite, index, Where(layout, layer => !IsFinite(batch, layout, layer)));
        return null;
    }

    /// <summary>Whether a mean or variance of any layer is NaN or infinite.</summary>
    public static bool HasNonFinite(ObservedBatch batch, ObservationLayout layout) =>
        Enumerable.Range(0, layout.Channels.Count).Any(layer => !IsFinite(batch, layout, layer));

    private static bool IsFinite(ObservedBatch batch, ObservationLayout layout, int layer)
    {
        var counts = layout.CountsOf(batch.Means.Span, layer);
        return counts.Values == 0
            || (AreFinite(batch.Means.Span.Slice(layout.Starts[layer], layout.Channels[layer]))
                // One value has no unbiased variance.
                && (counts.Values == 1 || AreFinite(batch.Variances.Span.Slice(layout.Starts[layer], layout.Channels[layer]))));
    }

    private static bool AreFinite(ReadOnlySpan<double> values)
    {
        // A value times 0 is NaN if it is not finite, and so is any sum with it.
        var sum = 0.0;
        foreach (var value in values)
            sum += value * 0;
        return sum == 0;
    }

    private static IReadOnlyList<int> Where(ObservationLayout layout, Func<int, bool> isFaulty) =>
        Enumerable.Range(0, layout.Channels.Count).Where(isFaulty).ToArray();
}

using System.Numerics;

namespace PreciseBn.Statistics;

/// <summary>How a model is observed, and what is an error then.</summary>
internal sealed record ObservationRules
{
    /// <summary>Whether a layer may be called more than once; its uses are pooled then.</summary>
    public bool AllowReuse { get; init; }

    /// <summary>Operators that the code of a model may call although they do more than compute.</summary>
    public IReadOnlyList<string> AllowedOperators { get; init; } = [];

    /// <summary>Whether batches with NaN or infinity are left out.</summary>
    public bool SkipNonFinite { get; init; }

    /// <summary>Whether a layer may be given a single value of each channel, as it normalises by other statistics than those of the batch.</summary>
    public bool AllowSingleValues { get; init; }

    /// <summary>
    /// Whether a run of some layers may end behind the last of them, in the order of the first batch. Others may have other orders, so that
    /// what was seen is to be checked.
    /// </summary>
    public bool EndsEarly { get; init; }

    /// <summary>Whether the model is made ready to run in segments, too, where it can be divided.</summary>
    public bool InSegments { get; init; }

    /// <summary>Whether so many batches are expected that it pays to prepare the model for them.</summary>
    public bool IsLong { get; init; }

    /// <summary>The method of the model that is run.</summary>
    public string Method { get; init; } = "forward";

    /// <summary>What parameters of the method get in every batch, by their names: numbers, texts, truth values and lists of these.</summary>
    public IReadOnlyDictionary<string, object?> Arguments { get; init; } = new Dictionary<string, object?>();

    /// <summary>Whether products may be rounded to TF32.</summary>
    public bool AllowTf32 { get; init; }

    /// <summary>In which order the values of images lie in memory.</summary>
    public MemoryFormat MemoryFormat { get; init; }
}

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
        var sums = Vector<double>.Zero;
        var whole = values.Length - (values.Length % Vector<double>.Count);
        for (var i = 0; i < whole; i += Vector<double>.Count)
            sums += new Vector<double>(values[i..]) * 0;
        var sum = Vector.Sum(sums);
        foreach (var value in values[whole..])
            sum += value * 0;
        return sum == 0;
    }

    private static IReadOnlyList<int> Where(ObservationLayout layout, Func<int, bool> isFaulty) =>
        Enumerable.Range(0, layout.Channels.Count).Where(isFaulty).ToArray();
}

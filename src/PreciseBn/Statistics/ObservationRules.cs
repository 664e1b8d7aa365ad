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

    /// <summary>In which order the values of images lie in memory.</summary>
    public MemoryFormat MemoryFormat { get; init; }
}

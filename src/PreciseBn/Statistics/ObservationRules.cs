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

    /// <summary>The method of the model that is run.</summary>
    public string Method { get; init; } = "forward";

    /// <summary>What parameters of the method get in every batch, by their names: numbers, texts, truth values and lists of these.</summary>
    public IReadOnlyDictionary<string, object?> Arguments { get; init; } = new Dictionary<string, object?>();

    /// <summary>Whether products may be rounded to TF32.</summary>
    public bool AllowTf32 { get; init; }

    /// <summary>In which order the values of images lie in memory.</summary>
    public MemoryFormat MemoryFormat { get; init; }
}

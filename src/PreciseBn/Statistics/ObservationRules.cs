namespace PreciseBn.Statistics;

/// <summary>What is an error in an observation, and what is not.</summary>
internal sealed record ObservationRules
{
    /// <summary>Whether a layer may be called more than once; its uses are pooled then.</summary>
    public bool AllowReuse { get; init; }

    /// <summary>Whether batches with NaN or infinity are left out.</summary>
    public bool SkipNonFinite { get; init; }
}

namespace PreciseBn;

/// <summary>Something that was found about a BatchNorm layer, or about a model as a whole.</summary>
public sealed record BnFinding
{
    /// <summary>Path of the layer in the model; empty for the model as a whole.</summary>
    public required string Name { get; init; }

    /// <summary>How bad it is.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>What it is.</summary>
    public required FindingKind Finding { get; init; }

    /// <summary>What it is in this case: one sentence.</summary>
    public required string Detail { get; init; }

    /// <summary>What to do about it: one sentence.</summary>
    public required string Advice { get; init; }

    /// <summary>Full path of the file; <c>null</c> for a live model.</summary>
    public string? Path { get; init; }
}

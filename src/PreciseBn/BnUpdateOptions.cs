using PreciseBn.Recalibration;

namespace PreciseBn;

/// <summary>How and where statistics are recomputed.</summary>
public sealed record BnUpdateOptions
{
    /// <summary>Which data are used, and how the statistics are made of them.</summary>
    public RecalibrationOptions Recalibration { get; init; } = new();

    /// <summary>
    /// Where the model runs: <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>. By default a saved model runs on the CPU, and a model
    /// in memory where it is.
    /// </summary>
    public string? Device { get; init; }

    /// <summary>The file that the changed model is written to; <c>null</c> replaces the model itself.</summary>
    public string? Destination { get; init; }

    /// <summary>Whether a file that is already at the destination may be replaced.</summary>
    public bool Force { get; init; }

    /// <summary>Whether what is replaced is kept, with <c>.bak</c>, or the first free of <c>.bak.1</c>, <c>.bak.2</c> and so on, appended to its name.</summary>
    public bool Backup { get; init; }
}

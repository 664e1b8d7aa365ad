using PreciseBn.Primitives;

namespace PreciseBn.Transfer;

/// <summary>What an exported layer is, besides its numbers; this is what stands in the metadata of the file.</summary>
internal sealed record LayerRecord
{
    public required string Name { get; init; }

    public required string Type { get; init; }

    public string? Path { get; init; }

    /// <summary>What only a <see cref="BnModule"/> has.</summary>
    public ModuleRecord? Module { get; init; }

    /// <summary>What only a <see cref="BnStat"/> has.</summary>
    public StatRecord? Stat { get; init; }

    internal sealed record ModuleRecord(double? Momentum, double Eps, bool Affine, bool Training, DType DType);

    internal sealed record StatRecord(
        long Batches, long Uses, long Count, Estimator Estimator, long SkippedBatches, StopReason StoppedBy, IReadOnlyList<ConvergencePoint>? Convergence, double Eps = double.NaN);
}

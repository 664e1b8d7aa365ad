using PreciseBn.Comparison;

namespace PreciseBn;

/// <summary>How far statistics may move before a gate closes. A layer passes if it is above none of them.</summary>
/// <remarks>The defaults are where <see cref="DriftSeverity"/> speaks of an error.</remarks>
public sealed record BnThresholds
{
    /// <summary>The largest change of a channel's mean that is allowed, in deviations of the reference.</summary>
    public double MeanShift { get; init; } = DriftSeverity.VeryLargeMeanShift;

    /// <summary>The largest ratio of a channel's variances that is allowed, at least 1.</summary>
    public double VarianceRatio { get; init; } = DriftSeverity.VeryLargeVarianceRatio;

    /// <summary>The largest divergence that is allowed, in nats, as the mean over the channels of a layer.</summary>
    public double Divergence { get; init; } = 0.05;
}

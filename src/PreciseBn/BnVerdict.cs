using System.Diagnostics.CodeAnalysis;

namespace PreciseBn;

/// <summary>
/// A comparison, and whether the layer passes a gate. What is judged is the least distance: the one that is left when both
/// sides are as close to each other as their sampling errors allow.
/// </summary>
public sealed record BnVerdict : BnComparison
{
    [SetsRequiredMembers]
    internal BnVerdict(BnComparison measured, string reason)
        : base(measured) => Reason = reason;

    /// <summary>Whether the layer is on both sides and no least distance is above its threshold.</summary>
    public bool Passed => Reason.Length == 0;

    /// <summary>An error if it does not.</summary>
    public override FindingSeverity Severity => Passed ? FindingSeverity.Information : FindingSeverity.Error;

    /// <summary>
    /// Whether the verdict says something. A layer that passes by so small a sample that means could have moved, or variances changed, by more
    /// than is allowed and it would have passed as well, is neither good nor bad.
    /// </summary>
    public bool IsConclusive { get; init; } = true;

    /// <summary>Why the layer does not pass: one sentence. Empty if it passes.</summary>
    public string Reason { get; private init; }

    /// <summary>The least change of means, in deviations of the reference; the largest of the channels.</summary>
    public double? LeastMeanShift { get; init; }

    /// <summary>The least ratio of variances; the largest of the channels.</summary>
    public double? LeastVarianceRatio { get; init; }

    /// <summary>The least divergence, in nats; the mean over the channels.</summary>
    public double? LeastDivergence { get; init; }

    /// <summary>The largest change of a channel's mean that may be noise, in deviations of the reference; 0 if no error is known.</summary>
    public double? MeanShiftNoise { get; init; }

    /// <summary>The largest ratio of a channel's variances that may be noise; 1 if no error is known.</summary>
    public double? VarianceRatioNoise { get; init; }

    /// <summary>The layer and the verdict, in a line.</summary>
    public override string ToString() => Passed ? $"{Name} (passed)" : $"{Name} ({Reason})";
}

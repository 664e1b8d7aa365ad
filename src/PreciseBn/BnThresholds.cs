namespace PreciseBn;

/// <summary>How far statistics may move before a gate closes. A layer passes if it is above none of them.</summary>
/// <remarks>
/// The defaults are where accuracy begins to suffer. With the digits network of the tests, changes of brightness and contrast
/// below all three cost at most 0.3 points of its 97.1 % accuracy, and those above cost up to 9.
/// </remarks>
public sealed record BnThresholds
{
    /// <summary>The largest change of a channel's mean that is allowed, in deviations of the reference.</summary>
    public double MeanShift { get; init; } = 0.25;

    /// <summary>The largest ratio of a channel's variances that is allowed, at least 1.</summary>
    public double VarianceRatio { get; init; } = 1.5;

    /// <summary>The largest divergence that is allowed, in nats, as the mean over the channels of a layer.</summary>
    public double Divergence { get; init; } = 0.05;
}

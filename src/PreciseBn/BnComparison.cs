using PreciseBn.Comparison;

namespace PreciseBn;

/// <summary>How far the statistics of one layer are from those of a reference.</summary>
public record BnComparison
{
    /// <summary>Path of the layer in the model.</summary>
    public required string Name { get; init; }

    /// <summary>Number of channels C.</summary>
    public required int Channels { get; init; }

    /// <summary>What was compared with; <c>null</c> if the layer is not there.</summary>
    public ILayerStatistics? Reference { get; init; }

    /// <summary>What was compared; <c>null</c> if the layer is not there.</summary>
    public ILayerStatistics? Difference { get; init; }

    /// <summary>Full path of the file that was compared, or of the reference if the layer is there only; <c>null</c> for models in memory.</summary>
    public string? Path => (Difference ?? Reference)?.Path;

    /// <summary>Which of several programs in that file; <c>null</c> where it has no other.</summary>
    public string? Program => (Difference ?? Reference)?.Program;

    /// <summary>What was asked for, as whoever compared them would type it; <c>null</c> where that is not known.</summary>
    public string? Command { get; init; }

    /// <summary>Whether the layer is on both sides; if not, there are no distances.</summary>
    public required Presence Presence { get; init; }

    /// <summary>The largest difference of a channel's means, in deviations of the reference.</summary>
    public double? MeanShift { get; init; }

    /// <summary>The largest ratio of a channel's variances, the larger over the smaller.</summary>
    public double? VarianceRatio { get; init; }

    /// <summary>
    /// Mean over the channels of the Kullback-Leibler divergence, in nats, of the normal distribution with the statistics
    /// compared from the one with those of the reference.
    /// </summary>
    public double? Divergence { get; init; }

    /// <summary>The largest divergence of a channel, in nats.</summary>
    public double? MaxDivergence { get; init; }

    /// <summary>Index of the channel with the largest divergence, from 0.</summary>
    public int? WorstChannel { get; init; }

    /// <summary>How bad it is, by the change of means and the ratio of variances; a layer that is on one side only is an error.</summary>
    public virtual FindingSeverity Severity =>
        MeanShift is { } shift && VarianceRatio is { } ratio ? DriftSeverity.Of(shift, ratio) : FindingSeverity.Error;

    /// <summary>The layer and how far it has moved, in a line.</summary>
    public override string ToString() => Presence == Presence.Both
        ? FormattableString.Invariant($"{Name} ({Severity}: {MeanShift:0.####} standard deviations, variance x {VarianceRatio:0.####})")
        : $"{Name} ({Presence})";
}

/// <summary>On which side of a comparison a layer is.</summary>
public enum Presence
{
    /// <summary>On both sides.</summary>
    Both,

    /// <summary>On the side of the reference only.</summary>
    ReferenceOnly,

    /// <summary>On the side of the difference only.</summary>
    DifferenceOnly,
}

/// <summary>The statistics of a layer on the two sides of a comparison; at least one is there.</summary>
/// <param name="Reference">The layer of the reference, or <c>null</c>.</param>
/// <param name="Difference">The layer that is compared, or <c>null</c>.</param>
public sealed record LayerPair(ILayerStatistics? Reference, ILayerStatistics? Difference);

using PreciseBn.Batches;
using PreciseBn.Comparison;
using PreciseBn.Files;

namespace PreciseBn;

/// <summary>The recomputed statistics of one BatchNorm layer, beside those it had before.</summary>
public sealed record BnStat : ILayerStatistics
{
    /// <summary>Path of the layer in the model, such as <c>layer1.0.bn1</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Other paths of the same layer, where the model has it under several.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Class of the layer, such as <c>BatchNorm2d</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Number of channels C.</summary>
    public int Channels => Mean.Length;

    /// <summary>What the layer adds to the variance before its root is taken; NaN where that is not known.</summary>
    public double Eps { get; init; } = double.NaN;

    /// <summary>Number of batches that reached the layer; 0 if none did, and its statistics are what they were.</summary>
    public required long Batches { get; init; }

    /// <summary>How often these ran the layer; more than their number if it is reused.</summary>
    public required long Uses { get; init; }

    /// <summary>Number of values of each channel that were pooled: images times pixels, for instance.</summary>
    public required long Count { get; init; }

    /// <summary>The layer's own count of batches, with these added; <c>null</c> where it has none.</summary>
    public required long? BatchesTracked { get; init; }

    /// <summary>Recomputed mean, shape [C], before rounding to the number format of the layer.</summary>
    public required double[] Mean { get; init; }

    /// <summary>Recomputed variance, shape [C], before rounding to the number format of the layer.</summary>
    public required double[] Variance { get; init; }

    /// <summary>Running mean before, shape [C].</summary>
    public required double[] PreviousMean { get; init; }

    /// <summary>Running variance before, shape [C].</summary>
    public required double[] PreviousVariance { get; init; }

    /// <summary>The largest change of a channel's mean, in standard deviations: |new − previous| / √(previous variance + eps).</summary>
    public double MeanShift => Distance.Largest(
        Channels, channel => Distance.MeanShift(PreviousMean[channel], PreviousVariance[channel], Mean[channel], Eps));

    /// <summary>The largest change of a channel's variance: new / previous or previous / new, whichever is above 1, with eps added to both.</summary>
    public double VarianceRatio => Distance.Largest(
        Channels, channel => Distance.VarianceRatio(PreviousVariance[channel], Variance[channel], Eps));

    /// <summary>
    /// Standard error of each mean, in deviations of the channel, shape [C]: from the spread of the batches, so that it holds
    /// for values that are alike within a batch. NaN for fewer than two batches.
    /// </summary>
    public required double[] MeanStandardError { get; init; }

    /// <summary>Standard error of the logarithm of each variance, shape [C]; 0.01 is one percent of the variance.</summary>
    public required double[] LogVarianceStandardError { get; init; }

    /// <summary>The largest standard error of a mean, in deviations.</summary>
    public double MeanError => Distance.Largest(MeanStandardError);

    /// <summary>The largest standard error of the logarithm of a variance.</summary>
    public double VarianceError => Distance.Largest(LogVarianceStandardError);

    /// <summary>
    /// How much successive batches are alike: near 0 if they were drawn at random, near 1 if the data have an order, in which case
    /// standard errors and the first batches mean little. NaN of fewer than 10 batches, and of merged statistics.
    /// </summary>
    public double SerialCorrelation { get; init; } = double.NaN;

    /// <summary>
    /// How precise they were after 1, 2, 4, 8 batches and so on, and in the end, before they were mixed with those from before;
    /// empty where it was not recorded.
    /// </summary>
    public IReadOnlyList<ConvergencePoint> Convergence { get; init; } = [];

    /// <summary>Number of batches that were left out because they had NaN or infinity.</summary>
    public required long SkippedBatches { get; init; }

    /// <summary>Number of items that were left out because they did not fill the last batch of a program exported for a fixed size.</summary>
    public long ItemsLeftOut { get; init; }

    /// <summary>Why no more batches were used.</summary>
    public required StopReason StoppedBy { get; init; }

    /// <summary>How the statistics were estimated.</summary>
    public required Estimator Estimator { get; init; }

    /// <summary>
    /// The data that they were measured on: where they are and how they were prepared, or for merged statistics how shards name them. As
    /// many <see cref="Batches"/> of them were used as <see cref="StoppedBy"/> says; <c>null</c> where nothing is known of them.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>
    /// How the numbers are scaled that the model was given, by the first batch: of the layer that they reach first, and <c>null</c> of all
    /// others, and where that is not known.
    /// </summary>
    public InputScale? InputScale { get; init; }

    /// <summary>Where the model ran, such as <c>cpu</c>; of merged statistics the first shard.</summary>
    public string? Device { get; init; }

    /// <summary>What was asked for, as whoever ran it would type it; <c>null</c> where that is not known.</summary>
    public string? Command { get; init; }

    /// <summary>
    /// Full path of the file that holds the new statistics, or of the model that they were measured on if none does yet;
    /// <c>null</c> for a live model, and for the statistics of further estimators, which are written nowhere.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Which of several programs in that file; <c>null</c> where it has no other.</summary>
    public string? Program { get; init; }

    /// <summary>Which file that was, so that another one in its place is told from it; <c>null</c> where that is not known.</summary>
    internal FileIdentity? File { get; init; }

    /// <summary>Which model they were measured on, for merged ones; see <see cref="PartialBnStat.ContentSha256"/>.</summary>
    public string? ContentSha256 { get; init; }

    /// <summary>Which layer it is, for lists and messages.</summary>
    public override string ToString() => $"{Name} ({Type}, {Channels} channels)";
}

/// <summary>How precise the statistics of a layer were after some batches; each number is the largest of its channels.</summary>
/// <param name="Batches">Number of batches that had reached the layer.</param>
/// <param name="MeanError">Standard error of the mean, in deviations; NaN after one batch.</param>
/// <param name="VarianceError">Standard error of the logarithm of the variance; NaN after one batch.</param>
/// <param name="MeanDistance">How far the mean was from the one in the end, in deviations in the end.</param>
/// <param name="VarianceDistance">How far the logarithm of the variance was from the one in the end.</param>
public sealed record ConvergencePoint(long Batches, double MeanError, double VarianceError, double MeanDistance, double VarianceDistance);

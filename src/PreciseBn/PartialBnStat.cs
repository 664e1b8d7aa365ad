using PreciseBn.Batches;
using PreciseBn.Statistics;

namespace PreciseBn;

/// <summary>
/// What some of the data say of one BatchNorm layer: sums that merge exactly with those of other shards, whatever the order.
/// Its properties are flat, so that it survives the way back from a job or a remote session.
/// </summary>
public sealed record PartialBnStat
{
    /// <summary>Path of the layer in the model, such as <c>layer1.0.bn1</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Other names of the same layer in the model.</summary>
    public string[] Aliases { get; init; } = [];

    /// <summary>Class of the layer, such as <c>BatchNorm2d</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Number of channels C.</summary>
    public int Channels => Sums.Channels;

    /// <summary>What the layer adds to the variance before its root is taken; NaN where that is not known.</summary>
    public double Eps { get; init; } = double.NaN;

    /// <summary>Number of batches that reached the layer.</summary>
    public required long Batches { get; init; }

    /// <summary>How often these ran the layer; more than their number if it is reused.</summary>
    public required long Uses { get; init; }

    /// <summary>Number of values of each channel: images times pixels, for instance.</summary>
    public required long Count { get; init; }

    /// <summary>Mean of these values, shape [C].</summary>
    public double[] Mean => Batches == 0 ? new double[Channels] : Sums.Estimate(Estimator.PopulationVariance).Mean;

    /// <summary>Sum of the squared deviations of these values from their mean, shape [C].</summary>
    public double[] SquaredDeviations => Sums.Table[MomentRow.SquaredDeviations].ToArray();

    /// <summary>
    /// All that is needed to merge, shape [18, C] in float64, row by row: what means are counted from (three rows), the mean and
    /// the squared deviations, and the sums over the batches that standard errors come from.
    /// </summary>
    public required double[] Moments { get; init; }

    /// <summary>Running mean in the model, shape [C].</summary>
    public required double[] PreviousMean { get; init; }

    /// <summary>Running variance in the model, shape [C].</summary>
    public required double[] PreviousVariance { get; init; }

    /// <summary>The layer's own count of batches in the model; <c>null</c> where it has none.</summary>
    public required long? BatchesTracked { get; init; }

    /// <summary>
    /// Which data these are: a shard, or several that were merged, such as <c>3/16 of 0c7a34fe19d2b865 (1600 items in batches
    /// of 32)</c>.
    /// </summary>
    public required string[] Shards { get; init; }

    /// <summary>Number of batches that were run, with those that were skipped.</summary>
    public required long TotalBatches { get; init; }

    /// <summary>Number of batches that were left out because they had NaN or infinity.</summary>
    public required long SkippedBatches { get; init; }

    /// <summary>
    /// Number of items of the shard that were left out because they did not fill the last batch of a program exported for a
    /// fixed size.
    /// </summary>
    public long ItemsLeftOut { get; init; }

    /// <summary>
    /// How the numbers are scaled that the model was given, by the first batch: of the layer that they reach first, and <c>null</c> of all
    /// others, and where that is not known.
    /// </summary>
    public InputScale? InputScale { get; init; }

    /// <summary>Why no more batches of the shard were used.</summary>
    public required StopReason StoppedBy { get; init; }

    /// <summary>The call of the model that was measured: its method, and the arguments that were the same in every batch.</summary>
    public required string Call { get; init; }

    /// <summary>The most batches of all shards together that were to be used.</summary>
    public int Iterations { get; init; }

    /// <summary>The standard error that the shard was to end early at; <c>null</c> if it was not.</summary>
    public double? Tolerance { get; init; }

    /// <summary>How the statistics are to be estimated.</summary>
    public required Estimator[] Estimators { get; init; }

    /// <summary>Where the model ran.</summary>
    public required string Device { get; init; }

    /// <summary>Whether products may have been rounded to TF32 there.</summary>
    public bool AllowsTf32 { get; init; }

    /// <summary>Full path of the model where it ran; <c>null</c> for a live model.</summary>
    public required string? Path { get; init; }

    /// <summary>Which of several programs in that file; <c>null</c> where it has no other.</summary>
    public string? Program { get; init; }

    /// <summary>SHA-256 of the model's file, hexadecimal; <c>null</c> for a live model.</summary>
    public required string? ModelSha256 { get; init; }

    /// <summary>
    /// SHA-256, hexadecimal, of everything in the model that the sums depend on. The statistics of the measured layers are left
    /// out, as they have no influence; those of all other layers count.
    /// </summary>
    public required string ContentSha256 { get; init; }

    /// <summary>The layer and what was measured, in a line.</summary>
    public override string ToString() => $"{Name} ({Batches} batches of shard {string.Join("; ", Shards)})";

    /// <summary>When measuring was to end, in words: the same for shards of one run.</summary>
    internal string Limits => FormattableString.Invariant($"at most {Iterations} batches of all shards{(Tolerance is { } tolerance ? $" and to a tolerance of {tolerance:R}" : "")}");

    internal LayerMoments Sums => new() { Batches = Batches, Uses = Uses, Count = Count, Table = new MomentTable(Moments) };
}

using System.Text.Json;
using System.Text.Json.Serialization;
using PreciseBn.Batches;

namespace PreciseBn;

/// <summary>How data are run through a model, for all of them and for a shard alike. What makes no sense is refused where it is set.</summary>
public abstract record RunOptions : CallOptions
{
    /// <summary>The number of batches used where none is asked for.</summary>
    public const int DefaultIterations = 200;

    /// <summary>The fewest batches after which precision is judged.</summary>
    public const int FewestForTolerance = 10;

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>
    /// The number of batches to use, or with <see cref="Tolerance"/> the most. If the data end sooner, that is an error
    /// without a tolerance; if the number is <c>null</c>, all of the data are used, up to <see cref="DefaultIterations"/>
    /// batches.
    /// </summary>
    public int? Iterations
    {
        get;
        init => field = value is null or > 0 ? value : throw OptionErrors.Refused(nameof(Iterations), value, "It is a number of batches, at least 1");
    }

    /// <summary>
    /// Ends when the standard errors of all means, in standard deviations, and of the logarithms of all variances are below this,
    /// after <see cref="FewestForTolerance"/> batches at least; <c>null</c> does not end early.
    /// </summary>
    public double? Tolerance
    {
        get;
        init => field = value is null or (> 0 and < double.PositiveInfinity) ? value : throw OptionErrors.Refused(nameof(Tolerance), value, "It is a number above 0");
    }

    /// <summary>How the variance is estimated, each once; the first is what is written, each is returned.</summary>
    public IReadOnlyList<Estimator> Estimators
    {
        get;
        init => field = value is { Count: > 0 } && value.Distinct().Count() == value.Count && value.All(Enum.IsDefined)
            ? [.. value]
            : throw OptionErrors.Refused(nameof(Estimators), value is null ? null : string.Join(", ", value), "It names at least one estimator, and none twice");
    } = [Estimator.PopulationVariance];

    /// <summary>Whether a layer may be called more than once in a forward pass; its uses are pooled then.</summary>
    public bool AllowReuse { get; init; }

    /// <summary>Whether batches with NaN or infinity are left out and counted; otherwise they are an error.</summary>
    public bool SkipNonFinite { get; init; }

    /// <summary>In which order the values of images lie in memory while the model runs.</summary>
    public MemoryFormat MemoryFormat
    {
        get;
        init => field = Enum.IsDefined(value) ? value : throw OptionErrors.Refused(nameof(MemoryFormat), value, "There is no such order");
    }

    /// <summary>
    /// Whether convolutions and matrix products on NVIDIA cards may be rounded to TF32, a format of three decimal digits, where
    /// the process and the model allow it. On CPUs it changes nothing.
    /// </summary>
    public bool AllowTf32 { get; init; }

    /// <summary>The call of the model, such as <c>forward()</c> or <c>encode(scale=2)</c>: the same for the same options.</summary>
    internal string Call => $"{Method}({string.Join(", ", Arguments.OrderBy(argument => argument.Key, StringComparer.Ordinal)
        .Select(argument => $"{argument.Key}={JsonSerializer.Serialize(argument.Value, Json)}"))})";

    /// <summary>The most batches that are used of these data.</summary>
    internal virtual int MostBatches => Iterations ?? DefaultIterations;

    /// <summary>How many there must be; <c>null</c> takes what there is.</summary>
    internal int? FewestBatches => Iterations is null || Tolerance is not null ? null : MostBatches;

    /// <summary>The part of the data that these batches are of, for messages; <c>null</c> if it is the whole.</summary>
    internal virtual string? Part => null;
}

/// <summary>How the statistics of a model are measured on all of the data.</summary>
public sealed record MeasureOptions : RunOptions
{
    /// <summary>
    /// How many values the statistics from before count as, at least 0. They are mixed with the new ones as two sets of values
    /// are, the distance of their means included.
    /// </summary>
    public double PriorWeight
    {
        get;
        init => field = OptionErrors.RequireWeight(nameof(PriorWeight), value);
    }

    /// <summary>
    /// Whether each layer is measured with all other layers normalised by their final statistics, as they are when the model is
    /// used; the result does not depend on the size of the batches then. An exported program runs once, layer by layer, with what all
    /// batches have become kept in between. With all other models the data are read once more for each layer that lies behind another.
    /// </summary>
    public bool Exact { get; init; }

    /// <summary>
    /// How many bytes of what is kept between layers may be in memory, where <see cref="Exact"/> keeps it, at least 0; what is more is in a temporary
    /// file, as long as that takes. <c>null</c> is a quarter of the memory that the process may use.
    /// </summary>
    public long? ActivationMemory
    {
        get;
        init => field = value is null or >= 0 ? value : throw OptionErrors.Refused(nameof(ActivationMemory), value, "It is a number of bytes, at least 0");
    }

    /// <summary>Whether it is kept how precise the statistics were after 1, 2, 4, 8 batches and so on, see <see cref="BnStat.Convergence"/>.</summary>
    public bool RecordConvergence { get; init; }
}

/// <summary>In which order the values of images lie in memory while a model runs.</summary>
public enum MemoryFormat
{
    /// <summary>
    /// The one that is faster for most models: saved convolutional models in float32 run on CPUs with the channels last, unless they
    /// fail so or their code looks at the order in memory, and all others as their data come.
    /// </summary>
    Auto,

    /// <summary>Channel after channel, as PyTorch has it by default.</summary>
    Contiguous,

    /// <summary>
    /// All channels of a pixel side by side (PyTorch's <c>channels_last</c>), inputs and weights of convolutions alike. Most
    /// convolutional models run faster so on CPUs.
    /// </summary>
    ChannelsLast,
}

/// <summary>How partial statistics are measured, and on which part of the data.</summary>
public sealed record ShardOptions : RunOptions
{
    /// <summary>Which part of the data is measured.</summary>
    public DataShard Shard
    {
        get;
        init => field = value ?? throw OptionErrors.Refused(nameof(Shard), value, "It is a shard, or the whole");
    } = DataShard.Whole;

    /// <summary>
    /// What the data are called. Shards belong together if their data have one name; <c>null</c> takes what the data say of
    /// themselves, see <see cref="IShardableBatchSource.Identify"/>.
    /// </summary>
    public string? DataName { get; init; }

    /// <summary>A file where the work is saved from time to time, and from which it goes on; <c>null</c> saves nothing.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>After how many batches it is saved each time.</summary>
    public int Every
    {
        get;
        init => field = value > 0 ? value : throw OptionErrors.Refused(nameof(Every), value, "It is a number of batches, at least 1");
    } = 20;

    /// <summary>
    /// The share of the shard. <see cref="RunOptions.Iterations"/> counts for all shards together, so that their number does not
    /// matter: batches are dealt out in turn.
    /// </summary>
    internal override int MostBatches => (int)Shard.Share(base.MostBatches);

    internal override string? Part => Shard.Count > 1 ? $"shard {Shard}" : null;
}

/// <summary>
/// How the variance of a layer is estimated from its batches ("Rethinking 'Batch' in BatchNorm", arXiv 2105.07576,
/// section 3 and appendix A).
/// </summary>
public enum Estimator
{
    /// <summary>
    /// Mean and biased variance of all values pooled, batches weighted by their size. The better choice for small
    /// batches and for batches of different sizes.
    /// </summary>
    PopulationVariance,

    /// <summary>The plain average of the batches' means and unbiased variances, as in the paper on BatchNorm.</summary>
    MeanOfBatchVariance,
}

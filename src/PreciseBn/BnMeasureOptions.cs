using PreciseBn.Batches;
using PreciseBn.Recalibration;
using PreciseBn.Sharding;

namespace PreciseBn;

/// <summary>How partial statistics are measured, and on which part of the data.</summary>
public sealed record BnMeasureOptions
{
    /// <summary>Which batches of the shard are used, and what is to be estimated from them.</summary>
    public RecalibrationOptions Recalibration { get; init; } = new();

    /// <summary>Where the model runs: <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>; <c>null</c> as in <see cref="BnUpdateOptions.Device"/>.</summary>
    public string? Device { get; init; }

    /// <summary>Which part of the data is measured.</summary>
    public DataShard Shard { get; init; } = DataShard.Whole;

    /// <summary>
    /// What the data are called. Shards belong together if their data have one name; <c>null</c> takes what the data say of
    /// themselves, see <see cref="IShardableBatchSource.Identify"/>.
    /// </summary>
    public string? DataName { get; init; }

    /// <summary>A file where the work is saved from time to time, and from which it goes on; <c>null</c> saves nothing.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>After how many batches it is saved each time.</summary>
    public int Every { get; init; } = 20;
}

using PreciseBn.Batches;

namespace PreciseBn;

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

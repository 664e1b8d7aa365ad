using PreciseBn.Batches;

namespace PreciseBn.Sharding;

/// <summary>
/// Reads the batches of one shard. Where the first of all batches is not among those that are read, it comes before them,
/// uncounted: what a model takes from its first batch is then the same in every shard, and in one run over all of them.
/// </summary>
/// <param name="data">The data; if they do not say how they are divided, every n-th batch is in the shard.</param>
/// <param name="shard">The shard.</param>
/// <param name="skip">How many of its batches are left out at the start.</param>
internal sealed class ShardReading(IBatchSource data, DataShard shard, long skip) : IBatchSource
{
    /// <summary>The number of batches of the shard, with those left out.</summary>
    public long? BatchCount => data is IShardableBatchSource source ? source.Shard(shard).BatchCount : Share(data.BatchCount);

    public IEnumerable<Batch> Read(CancellationToken cancellation) =>
        data is IShardableBatchSource source ? ReadShard(source, cancellation) : ReadInTurn(cancellation);

    private IEnumerable<Batch> ReadShard(IShardableBatchSource source, CancellationToken cancellation)
    {
        var first = shard.Index == 1 && skip == 0 ? [] : source.Shard(shard.First, take: 1).Read(cancellation);
        return first.Select(batch => batch.Uncounted()).Concat(source.Shard(shard, skip).Read(cancellation));
    }

    // In one pass, as what comes one by one may come only once.
    private IEnumerable<Batch> ReadInTurn(CancellationToken cancellation)
    {
        var position = 0L;
        foreach (var batch in data.Read(cancellation))
        {
            if (shard.Has(position) && position / shard.Count >= skip)
                yield return batch;
            else if (position == 0)
                yield return batch.Uncounted();
            else
                batch.Dispose();
            position++;
        }
    }

    private long? Share(long? batches) => batches is { } count ? shard.Share(count) : null;
}

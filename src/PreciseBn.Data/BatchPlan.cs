using PreciseBn.Batches;

namespace PreciseBn.Data;

/// <summary>Which items go into which batch.</summary>
/// <param name="count">The number of items there are.</param>
/// <param name="seed">Seed of a random order; <c>null</c> keeps the order.</param>
/// <param name="take">The most items to use; <c>null</c> uses all.</param>
/// <param name="shard">Which of these; they are dealt out in turn, so that sorted items are spread over the shards.</param>
internal sealed class BatchPlan(long count, int? seed, long? take, DataShard shard)
{
    public IEnumerable<IReadOnlyList<long>> Batches(int size, bool dropLast) =>
        Order().Take(checked((int)Math.Min(take ?? count, count))).Where((_, position) => shard.Has(position)).Chunk(size)
            .Where(batch => !dropLast || batch.Length == size);

    private IEnumerable<long> Order()
    {
        var order = Enumerable.Range(0, checked((int)count)).Select(index => (long)index);
        if (seed is null)
            return order;
        var shuffled = order.ToArray();
        new Random(seed.Value).Shuffle(shuffled);
        return shuffled;
    }
}

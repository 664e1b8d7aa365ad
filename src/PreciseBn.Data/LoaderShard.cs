using PreciseBn.Batches;
using PreciseBn.Native;

namespace PreciseBn.Data;

/// <summary>The batches that a loader makes of some of its items.</summary>
/// <param name="samples">The items.</param>
/// <param name="plan">Which of them go into which batch.</param>
/// <param name="skip">How many batches are read and left out at the start.</param>
/// <param name="batches">The number of batches.</param>
/// <param name="options">What is done to each batch.</param>
/// <param name="workers">How many batches are prepared at a time.</param>
internal sealed class LoaderShard(
    ISampleSource samples, IEnumerable<IReadOnlyList<long>> plan, long skip, long batches, BnDataLoaderOptions options, int workers) : IBatchSource
{
    public long? BatchCount => batches;

    public IEnumerable<Batch> Read(CancellationToken cancellation)
    {
        TorchLibrary.Require();
        var index = 0L;
        var foreign = new ForeignCode();
        foreach (var batch in new BatchPrefetch(samples, plan, workers).Read(cancellation))
        {
            if (index++ < skip)
                batch.Dispose();
            else
                yield return options.Transform?.Apply(batch, options.Keys, index - 1, foreign) ?? batch;
        }
    }
}

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

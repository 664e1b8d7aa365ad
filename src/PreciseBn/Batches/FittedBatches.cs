using System.Globalization;

namespace PreciseBn.Batches;

/// <summary>The batches of a source for a model that accepts only some sizes: a last batch that is too small is left out.</summary>
/// <param name="source">The source.</param>
/// <param name="accepted">The sizes that the model accepts.</param>
internal sealed class FittedBatches(IBatchSource source, SizeRange accepted) : IBatchSource
{
    private readonly IBatchSource _source = Resize(source, accepted);

    /// <summary>Number of items in the batch that was left out; 0 if none was.</summary>
    public long ItemsLeftOut { get; private set; }

    public long? BatchCount =>
        _source is IResizableBatchSource { LastBatchSize: > 0 and var last } && last < accepted.Least ? _source.BatchCount - 1 : _source.BatchCount;

    /// <summary>The same data in batches of a size that is accepted, where the source leaves that open.</summary>
    public static IBatchSource Resize(IBatchSource source, SizeRange accepted) =>
        source is IResizableBatchSource resizable ? resizable.WithBatchSize(accepted) : source;

    public IEnumerable<Batch> Read(CancellationToken cancellation)
    {
        using var batches = _source.Read(cancellation).GetEnumerator();
        for (var hasBatch = batches.MoveNext(); hasBatch;)
        {
            var batch = batches.Current;
            var isTooSmall = batch.ItemCount < accepted.Least;
            if (isTooSmall)
            {
                // What it is made of may be gone when the next one is asked for.
                batch = batch.Own();
                if (!(hasBatch = batches.MoveNext()))
                {
                    ItemsLeftOut = batch.IsCounted ? batch.ItemCount : 0;
                    batch.Dispose();
                    yield break;
                }
            }
            yield return batch;
            hasBatch = isTooSmall ? hasBatch : batches.MoveNext();
        }
    }
}

/// <summary>The sizes that a dimension may have.</summary>
/// <param name="Least">The smallest.</param>
/// <param name="Most">The largest.</param>
internal sealed record SizeRange(long Least, long Most)
{
    public static SizeRange Any { get; } = new(0, long.MaxValue);

    public bool Contains(long size) => size >= Least && size <= Most;

    public override string ToString() => (Least, Most) switch
    {
        (0, long.MaxValue) => "any",
        (_, long.MaxValue) => $"{Least} or more",
        (0, _) => $"{Most} or less",
        _ when Least == Most => Least.ToString(CultureInfo.InvariantCulture),
        _ => $"{Least} to {Most}",
    };
}

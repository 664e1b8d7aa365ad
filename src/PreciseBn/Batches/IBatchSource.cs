using System.Globalization;
using System.Runtime.InteropServices;
using PreciseBn.Native;
using PreciseBn.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Batches;

/// <summary>Data that can be read in batches, again and again.</summary>
public interface IBatchSource
{
    /// <summary>The number of batches, where it is known beforehand.</summary>
    long? BatchCount { get; }

    /// <summary>Where the data are and how they are prepared, for people; <c>null</c> where that is not known.</summary>
    string? Description => null;

    /// <summary>Which parts of what there is are the inputs, where that was said: other parts of the same data are other data.</summary>
    string? Inputs => null;

    /// <summary>Reads the batches from the start. Whoever takes a batch disposes of it.</summary>
    /// <param name="cancellation">Ends the reading early.</param>
    /// <exception cref="PreciseBnException">The data cannot be read, or are not what a model can take.</exception>
    IEnumerable<Batch> Read(CancellationToken cancellation);
}

/// <summary>A source whose batches can be made in the size that a model accepts.</summary>
internal interface IResizableBatchSource : IBatchSource
{
    /// <summary>Number of items in the last batch; 0 if there is none, or it is not known.</summary>
    long LastBatchSize { get; }

    /// <summary>The same data in batches of a size that is accepted; as they are, where the user has said the size.</summary>
    IBatchSource WithBatchSize(SizeRange accepted);
}

/// <summary>Data that know how to divide their items among processes.</summary>
public interface IShardableBatchSource : IBatchSource
{
    /// <summary>How the items are ordered and put into batches. Only shards for which it is the same are disjoint.</summary>
    string Plan { get; }

    /// <summary>
    /// A name for the items that is the same in every process that reads the same ones, wherever they lie, and another for
    /// others.
    /// </summary>
    /// <exception cref="PreciseBnException">The data cannot be read.</exception>
    string Identify();

    /// <summary>The batches of a shard, or some of them. Every item is in exactly one shard, and no batch in two.</summary>
    /// <param name="shard">The shard; it is the same in every process.</param>
    /// <param name="skip">How many of its batches are left out at the start.</param>
    /// <param name="take">The most batches that are read then.</param>
    /// <exception cref="PreciseBnException">It could not be the same in every process.</exception>
    IBatchSource Shard(DataShard shard, long skip = 0, long take = long.MaxValue);
}

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

/// <summary>
/// The batches of a source on the device where the model runs, so that whatever is done to them is done there. To a card they go without a
/// wait for what it has been given before: while it computes, the host reads the next one.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="device">The device.</param>
internal sealed class UploadedBatches(IBatchSource source, Device device) : IBatchSource
{
    public long? BatchCount => source.BatchCount;

    public IEnumerable<Batch> Read(CancellationToken cancellation) =>
        source.Read(cancellation).Select((batch, index) => batch.Inputs.All(IsThere) ? batch : Upload(batch, index));

    private bool IsThere(Tensor input) =>
        input.device_type == device.type && (device.type != DeviceType.CUDA || input.device_index == device.index);

    private Batch Upload(Batch batch, long index)
    {
        using (batch)
        using (no_grad())
        {
            try
            {
                return batch.Moved(Upload);
            }
            catch (ExternalException e)
            {
                throw TorchFailures.Explain(e, $"bring {batch.Describe(index)} to the device '{device}'", $"{device}");
            }
        }
    }

    private Tensor Upload(Tensor input)
    {
        // From memory that is not pinned a copy waits for the card. What a caller has pinned may change before the card has read it.
        if (device.type != DeviceType.CUDA || input.device_type != DeviceType.CPU || input.is_pinned())
            return input.to(device, copy: true);
        // Numbers go up in the type that they have, mostly a small one. What is freed here libtorch keeps until the card has read it.
        using var pinned = (input.is_contiguous() ? input : input.clone()).pin_memory();
        return pinned.to(device, non_blocking: true);
    }
}

using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Recalibration;

namespace PreciseBn.Sharding;

/// <summary>Runs a shard of the data through a model, and keeps the moments rather than make statistics of them.</summary>
/// <param name="source">The model.</param>
/// <param name="layers">Names of the layers that are measured.</param>
/// <param name="data">All of the data.</param>
/// <param name="options">Which shard, and how.</param>
/// <param name="progress">Told about every batch.</param>
internal sealed class ShardMeasurement(
    IModelSource source, IReadOnlyCollection<string> layers, IBatchSource data, ShardOptions options, IProgress<MeasureProgress>? progress)
{
    /// <summary>Measures, or goes on where an earlier run was broken off.</summary>
    /// <exception cref="PreciseBnException">The data, the model or the checkpoint cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<PartialBnStat> Run(CancellationToken cancellation)
    {
        var all = FittedBatches.Resize(data, source.BatchSizes);
        var label = ShardLabel.Of(all, options.Shard, options.DataName);
        if (options.Checkpoint is { } path)
        {
            BnDestination.RequireEndingOfStatistics(path);
            if (label.Data == ShardLabel.Unnamed)
                throw PartialErrors.DataNameNeeded(path);
        }
        using var session = new MeasuringSession(source, layers, options, progress);
        var run = new PartialRun
        {
            Path = source.Path,
            Program = source.Program,
            Model = source.Identify(layers),
            Layers = session.Model.Layers,
            Shard = label,
            Device = session.Device.ToString(),
            AllowsTf32 = session.AllowsTf32,
            Options = options,
        };
        var checkpoint = options.Checkpoint is null ? null : new PartialCheckpoint(options.Checkpoint, options.Every, run);
        if (checkpoint?.Finished is { } finished)
            return finished;

        var batches = new FittedBatches(new ShardReading(all, options.Shard, checkpoint?.Saved?.Batches ?? 0), source.BatchSizes);
        session.RefuseFew(batches.BatchCount);
        var result = session.Measure(new UploadedBatches(batches, session.Device), options.MostBatches, (1, 1), cancellation, checkpoint);
        var partials = run.ToPartials(result.Totals, result.StoppedBy, batches.ItemsLeftOut + result.ItemsLeftOut, result.Entrance);
        return checkpoint?.Finish(partials) ?? partials;
    }
}

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

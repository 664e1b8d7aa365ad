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
        if (options.Checkpoint is not null && label.Data == ShardLabel.Unnamed)
            throw PartialErrors.DataNameNeeded(options.Checkpoint);
        using var session = new MeasuringSession(source, layers, options, progress);
        var run = new PartialRun
        {
            Path = source.Path,
            Model = source.Identify(layers),
            Layers = session.Model.Layers,
            Shard = label,
            Device = session.Device.ToString(),
            AllowsTf32 = session.AllowsTf32,
            Options = options,
        };
        var checkpoint = options.Checkpoint is { } path ? new PartialCheckpoint(path, options.Every, run) : null;
        if (checkpoint?.Finished is { } finished)
            return finished;

        var batches = new FittedBatches(new ShardReading(all, options.Shard, checkpoint?.Saved?.Batches ?? 0), source.BatchSizes);
        session.RefuseFew(batches.BatchCount);
        var result = session.Measure(batches, options.MostBatches, (1, 1), cancellation, checkpoint);
        var partials = run.ToPartials(result.Totals, result.StoppedBy, batches.ItemsLeftOut + result.ItemsLeftOut, result.Entrance);
        return checkpoint?.Finish(partials) ?? partials;
    }
}

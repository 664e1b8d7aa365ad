using System.Diagnostics;
using PreciseBn.Batches;
using PreciseBn.Primitives;
using PreciseBn.Recalibration;
using static TorchSharp.torch;

namespace PreciseBn.Sharding;

/// <summary>Runs a shard of the data through a model, and keeps the moments rather than make statistics of them.</summary>
internal sealed class PartialMeasurement(
    IRecalibrationTarget target, IBatchSource source, BnMeasureOptions options, IProgress<RecalibrationProgress>? progress)
{
    /// <summary>Measures, or goes on where an earlier run was broken off.</summary>
    /// <exception cref="PreciseBnException">The data, the model or the checkpoint cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<PartialBnStat> Run(Device device, CancellationToken cancellation)
    {
        var recalibration = options.Recalibration;
        var data = FittedBatches.Resize(source, target.BatchSizes);
        using var inference = inference_mode();
        using var model = target.Open(device, recalibration.Rules);
        var run = new PartialRun
        {
            Path = target.Destination,
            Model = target.Identify(),
            Layers = model.Layers,
            Shard = ShardLabel.Of(data, options.Shard, options.DataName),
            Device = device.ToString(),
            Options = recalibration,
        };
        var checkpoint = options.Checkpoint is { } path ? new PartialCheckpoint(path, options.Every, run) : null;
        if (checkpoint?.Finished is { } finished)
            return finished;

        var batches = new FittedBatches(new ShardReading(data, options.Shard, checkpoint?.Saved?.Batches ?? 0), target.BatchSizes);
        if (batches.BatchCount < recalibration.Iterations && recalibration.Tolerance is null)
            throw RecalibrationErrors.NotEnoughData(target.Name, recalibration.Iterations.Value, batches.BatchCount.Value);
        var most = Measurement.MostBatches(recalibration);
        var total = Math.Min(most, batches.BatchCount ?? most);
        var clock = Stopwatch.StartNew();
        var result = new Measurement(target.Name, model, batches, recalibration).Run(
            done => progress?.Report(new RecalibrationProgress(target.Name, done, total, clock.Elapsed, 1, 1)), cancellation, checkpoint);
        var partials = run.ToPartials(result.Totals, result.StoppedBy);
        checkpoint?.Finish(partials);
        return partials.Select(partial => partial with { ItemsLeftOut = batches.ItemsLeftOut }).ToArray();
    }
}

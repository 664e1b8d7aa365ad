using System.Diagnostics;
using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>
/// Recomputes BatchNorm statistics with the weights fixed ("Rethinking 'Batch' in BatchNorm", arXiv 2105.07576, section 3):
/// run some batches, and give every value that reaches a layer the same weight.
/// </summary>
internal sealed class Recalibrator(
    IRecalibrationTarget target, IBatchSource source, RecalibrationOptions options, IProgress<RecalibrationProgress>? progress)
{
    private readonly FittedBatches _data = new(source, target.BatchSizes);

    /// <summary>Recomputes the statistics and puts them in the place of the old, or fails and changes nothing.</summary>
    /// <returns>The statistics of each layer, for each estimator in turn; those of the first are the ones that were put.</returns>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<BnStat> Run(Device device, CancellationToken cancellation)
    {
        var stats = Measure(device, cancellation);
        cancellation.ThrowIfCancellationRequested();
        target.Commit(stats.Where(stat => stat.Estimator == options.Estimators[0] && stat.Batches > 0).ToArray());
        return stats;
    }

    /// <summary>Recomputes the statistics and changes nothing.</summary>
    /// <returns>The statistics of each layer, for each estimator in turn.</returns>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<BnStat> Measure(Device device, CancellationToken cancellation)
    {
        if (_data.BatchCount < options.Iterations && options.Tolerance is null)
            throw RecalibrationErrors.NotEnoughData(target.Name, options.Iterations.Value, _data.BatchCount.Value);
        using var memory = RetainedHeap.Keep();
        using var inference = inference_mode();
        using var model = target.Open(device, options.Rules);
        var results = options.Exact ? MeasureInTurn(model, cancellation) : MeasureAtOnce(model, cancellation);
        return options.Estimators.SelectMany(estimator => results.Select(result =>
            result.ToStat(estimator, options.PriorWeight, estimator == options.Estimators[0] ? target.Destination : null) with
            {
                ItemsLeftOut = _data.ItemsLeftOut,
            })).ToArray();
    }

    private LayerResult[] MeasureAtOnce(IObservedModel model, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var result = Measurement(model).Run(batches => Report(1, 1, batches, clock), cancellation);
        return model.Layers.Select((layer, i) => ToResult(layer, i, result)).ToArray();
    }

    private LayerResult[] MeasureInTurn(IObservedModel model, CancellationToken cancellation)
    {
        var plan = PlanPasses(model, cancellation);
        var clock = Stopwatch.StartNew();
        var results = new LayerResult[model.Layers.Count];
        var settled = new Dictionary<int, (double[] Mean, double[] Variance)>();
        for (var pass = 0; pass < plan.Passes.Count; pass++)
        {
            var layers = plan.Passes[pass];
            model.Configure(layers, settled);
            var result = Measurement(model).Run(batches => Report(pass + 1, plan.Passes.Count, batches, clock), cancellation);
            for (var i = 0; i < layers.Count; i++)
            {
                results[layers[i]] = ToResult(model.Layers[layers[i]], i, result);
                if (results[layers[i]].Moments.Batches > 0)
                    settled[layers[i]] = results[layers[i]].Blend(options.Estimators[0], options.PriorWeight);
            }
        }
        return results;
    }

    private ExactPlan PlanPasses(IObservedModel model, CancellationToken cancellation)
    {
        using var batch = _data.Read(cancellation).FirstOrDefault() ?? throw RecalibrationErrors.NoData(target.Name);
        var clock = Stopwatch.StartNew();
        var plan = ExactPlan.Make(model, batch);
        var batches = ExpectedBatches * plan.Passes.Count;
        progress?.Report(new RecalibrationProgress(target.Name, 0, batches, clock.Elapsed, 0, plan.Passes.Count)
        {
            Remaining = plan.TimeOfBatch * batches,
        });
        return plan;
    }

    private Measurement Measurement(IObservedModel model) => new(target.Name, model, _data, options);

    private long ExpectedBatches
    {
        get
        {
            var most = Recalibration.Measurement.MostBatches(options);
            return Math.Min(most, _data.BatchCount ?? most);
        }
    }

    private void Report(int pass, int passes, long batches, Stopwatch clock)
    {
        var done = ((pass - 1) * ExpectedBatches) + batches;
        progress?.Report(new RecalibrationProgress(target.Name, done, ExpectedBatches * passes, clock.Elapsed, pass, passes));
    }

    private static LayerResult ToResult(BnModule layer, int index, MeasurementResult result) => new()
    {
        Name = layer.Name,
        Type = layer.Type,
        Previous = (layer.Mean, layer.Variance),
        BatchesTracked = layer.BatchesTracked,
        Moments = result.Totals.Layers[index],
        Looks = result.Looks.Select(look => look.Layers[index]).ToArray(),
        SkippedBatches = result.Totals.Skipped,
        StoppedBy = result.StoppedBy,
    };
}

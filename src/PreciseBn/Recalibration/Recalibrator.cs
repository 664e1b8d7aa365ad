using System.Diagnostics;
using PreciseBn.Data;
using PreciseBn.Models;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>
/// Recomputes BatchNorm statistics with the weights fixed ("Rethinking 'Batch' in BatchNorm", arXiv 2105.07576, section 3):
/// run some batches, and give every value that reaches a layer the same weight.
/// </summary>
internal sealed class Recalibrator(
    IRecalibrationTarget target, IBatchSource data, RecalibrationOptions options, IProgress<RecalibrationProgress>? progress)
{
    /// <summary>Recomputes the statistics and puts them in the place of the old, or fails and changes nothing.</summary>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<BnStat> Run(Device device, CancellationToken cancellation)
    {
        if (data.BatchCount < options.Iterations)
            throw RecalibrationErrors.NotEnoughData(target.Name, Iterations, data.BatchCount.Value);
        var stats = Measure(device, cancellation);
        cancellation.ThrowIfCancellationRequested();
        target.Commit(stats.Where(stat => stat.Batches > 0).ToArray());
        return stats;
    }

    private int Iterations => options.Iterations ?? RecalibrationOptions.DefaultIterations;

    private BnStat[] Measure(Device device, CancellationToken cancellation)
    {
        using var inference = inference_mode();
        using var model = target.Open(device);
        using var moments = new MomentAccumulator(model.Layout, model.ObservationType, model.Device);
        var clock = Stopwatch.StartNew();
        foreach (var batch in data.Read(cancellation).Take(Iterations))
        {
            using (batch)
                Refuse(moments.Add(model.Observe(batch)), model);
            progress?.Report(new RecalibrationProgress(target.Name, moments.Added, ExpectedBatches, clock.Elapsed));
            cancellation.ThrowIfCancellationRequested();
        }
        Refuse(moments.Merge(), model);
        RefuseShortData(moments.Added);
        return model.Layers.Zip(moments.Read(), ToStat).ToArray();
    }

    private long ExpectedBatches => Math.Min(Iterations, data.BatchCount ?? Iterations);

    private void RefuseShortData(long batches)
    {
        if (batches == 0)
            throw RecalibrationErrors.NoData(target.Name);
        if (batches < options.Iterations)
            throw RecalibrationErrors.NotEnoughData(target.Name, Iterations, batches);
    }

    private void Refuse(ObservationFault? fault, IObservedModel model)
    {
        if (fault is null)
            return;
        var first = model.Order.Intersect(fault.Layers).Concat(fault.Layers).First();
        throw fault.Kind == ObservationFaultKind.Reused
            ? RecalibrationErrors.LayerReused(target.Name, model.Layers[first].Name, fault.Batch)
            : RecalibrationErrors.NotFinite(target.Name, model.Layers[first].Name, fault.Batch);
    }

    private BnStat ToStat(BnModule layer, LayerMoments moments)
    {
        var (mean, variance) = moments.Batches > 0 ? moments.Estimate(options.Estimator) : (layer.Mean, layer.Variance);
        return new BnStat
        {
            Name = layer.Name,
            Type = layer.Type,
            Batches = moments.Batches,
            Count = moments.Count,
            BatchesTracked = layer.BatchesTracked + moments.Batches,
            Mean = mean,
            Variance = variance,
            PreviousMean = layer.Mean,
            PreviousVariance = layer.Variance,
            Estimator = options.Estimator,
            Path = target.Destination,
        };
    }
}

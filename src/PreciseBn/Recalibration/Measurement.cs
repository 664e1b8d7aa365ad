using PreciseBn.Data;
using PreciseBn.Models;
using PreciseBn.Statistics;

namespace PreciseBn.Recalibration;

/// <summary>Runs batches through a model and merges what its observed layers see.</summary>
/// <param name="name">The model, for messages.</param>
/// <param name="model">The model.</param>
/// <param name="data">The batches.</param>
/// <param name="options">How many of them, and what to do with bad ones.</param>
internal sealed class Measurement(string name, IObservedModel model, IBatchSource data, RecalibrationOptions options)
{
    /// <summary>The most batches that are used.</summary>
    public static int MostBatches(RecalibrationOptions options) => options.Iterations ?? RecalibrationOptions.DefaultIterations;

    /// <summary>Runs the batches.</summary>
    /// <param name="onBatch">Told the number of batches done, after each.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    public MeasurementResult Run(Action<long> onBatch, CancellationToken cancellation)
    {
        using var moments = new MomentAccumulator(model.Layout, model.ObservationType, model.Device, model.Rules);
        var precision = options.Tolerance is { } tolerance ? new PrecisionCheck(tolerance, options.Estimators, MostBatches(options)) : null;
        var origins = new List<string?>();
        var stoppedBy = StopReason.DataEnd;
        foreach (var batch in data.Read(cancellation))
        {
            using (batch)
            {
                origins.Add(batch.Origin);
                Refuse(moments.Add(model.Observe(batch)), origins);
            }
            onBatch(moments.Added);
            cancellation.ThrowIfCancellationRequested();
            if (precision?.IsDue(moments.Added) == true)
            {
                Refuse(moments.Merge(), origins);
                if (precision.IsReached(moments.Read(model.Shift).Layers))
                {
                    stoppedBy = StopReason.Tolerance;
                    break;
                }
            }
            if (moments.Added == MostBatches(options))
            {
                stoppedBy = StopReason.Iterations;
                break;
            }
        }
        Refuse(moments.Merge(), origins);
        RefuseShortData(moments.Added, stoppedBy);
        var (layers, skipped) = moments.Read(model.Shift);
        return new MeasurementResult(layers, skipped, stoppedBy);
    }

    private void RefuseShortData(long batches, StopReason stoppedBy)
    {
        if (batches == 0)
            throw RecalibrationErrors.NoData(name);
        if (stoppedBy == StopReason.DataEnd && batches < options.Iterations && options.Tolerance is null)
            throw RecalibrationErrors.NotEnoughData(name, options.Iterations.Value, batches);
    }

    private void Refuse(ObservationFault? fault, IReadOnlyList<string?> origins)
    {
        if (fault is null)
            return;
        var first = model.Order.Intersect(fault.Layers).Concat(fault.Layers).First();
        var layer = model.Layers[model.Observed[first]].Name;
        throw fault.Kind == ObservationFaultKind.Reused
            ? RecalibrationErrors.LayerReused(name, layer, fault.Batch)
            : RecalibrationErrors.NotFinite(name, layer, fault.Batch, origins[(int)fault.Batch]);
    }
}

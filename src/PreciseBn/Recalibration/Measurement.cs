using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>Runs batches through a model and merges what its observed layers see.</summary>
/// <param name="name">The model, for messages.</param>
/// <param name="model">The model.</param>
/// <param name="data">The batches.</param>
/// <param name="options">What to do with bad ones, and when they are enough.</param>
/// <param name="most">The most batches that are used.</param>
internal sealed class Measurement(string name, IObservedModel model, IBatchSource data, RunOptions options, long most)
{
    /// <summary>Runs the batches.</summary>
    /// <param name="onBatch">Told the number of batches done, after each.</param>
    /// <param name="cancellation">Stops within a batch; what has been measured is saved.</param>
    /// <param name="checkpoint">Where the work is saved from time to time, and goes on from; the data go on from there too.</param>
    /// <param name="onObserved">Told each batch when the model has seen it.</param>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    public MeasurementResult Run(
        Action<long> onBatch, CancellationToken cancellation, IMeasurementCheckpoint? checkpoint = null, Action<Batch>? onObserved = null)
    {
        var saved = checkpoint?.Saved;
        var start = saved?.Batches ?? 0;
        using var moments = new MomentAccumulator(model.Layout, model.Device, model.Rules, start);
        var precision = options.Tolerance is { } tolerance ? new PrecisionCheck(tolerance, options.Estimators, most, start) : null;
        var origins = new List<string?>();
        var looks = new List<MomentTotals>();
        (ObservationFault Fault, long Items)? tooSmall = null;
        var items = 0L;
        InputScale? scale = null;
        var stoppedBy = start >= most ? StopReason.Iterations : StopReason.DataEnd;
        // Data come from code that is not ours, which runs in none of our modes.
        try
        {
            foreach (var batch in start >= most ? [] : data.Read(cancellation))
            {
                using (batch)
                {
                    RefuseTooSmall();
                    items = batch.ItemCount;
                    var fault = Observe(batch);
                    if (!batch.IsCounted)
                        continue;
                    Refuse(fault);
                    if (tooSmall is not null)
                        continue;
                }
                onBatch(moments.Added);
                cancellation.ThrowIfCancellationRequested();
                if (options is MeasureOptions { RecordConvergence: true } && Convergence.IsDue(moments.Added))
                    looks.Add(Totals());
                if (precision?.IsDue(moments.Added) == true && precision.IsReached(Totals().Layers))
                {
                    stoppedBy = StopReason.Tolerance;
                    break;
                }
                if (moments.Added == most)
                {
                    stoppedBy = StopReason.Iterations;
                    break;
                }
                if (checkpoint?.IsDue(moments.Added) == true)
                {
                    saved = Totals();
                    moments.Clear();
                    checkpoint.Save(saved);
                }
            }
        }
        catch (OperationCanceledException) when (checkpoint is not null && moments.Added > (saved?.Batches ?? 0))
        {
            checkpoint.Save(Totals());
            throw;
        }
        var totals = Totals();
        // The last of several batches is often a small one.
        if (moments.Added == 0)
            RefuseTooSmall();
        RefuseShortData(totals, stoppedBy);
        return new MeasurementResult(totals, stoppedBy, looks, tooSmall?.Items ?? 0, Entrance());

        ObservationFault? Observe(Batch batch)
        {
            using var gradients = no_grad();
            // A model may change what it is given.
            scale ??= InputScale.Of(batch);
            var observation = model.Observe(batch);
            onObserved?.Invoke(batch);
            if (!batch.IsCounted)
                return null;
            origins.Add(batch.Origin);
            return moments.Add(observation);
        }

        Entrance? Entrance() => scale is null ? null : new(scale, model.Layers[model.Observed[model.Order.Append(0).First()]].Name);

        MomentTotals Totals()
        {
            using var gradients = no_grad();
            Refuse(moments.Merge());
            var (layers, skipped) = moments.Read(Shift());
            var unsaved = new MomentTotals(layers, moments.Added - (saved?.Batches ?? 0), skipped);
            return saved?.With(unsaved) ?? unsaved;
        }

        double[]? Shift()
        {
            using var shift = model.Shift?.to(ScalarType.Float64).cpu();
            return shift?.data<double>().ToArray();
        }

        void Refuse(ObservationFault? fault)
        {
            if (fault is { Kind: ObservationFaultKind.SingleValue } && fault.Batch == moments.Added - 1 && moments.Added < most)
            {
                tooSmall = (fault, items);
                moments.LeaveOutLast();
            }
            else if (fault is not null)
            {
                throw ObservationErrors.Explain(name, model, fault, origins[(int)(fault.Batch - start)]);
            }
        }

        void RefuseTooSmall()
        {
            if (tooSmall is { Fault: { } fault })
                throw ObservationErrors.Explain(name, model, fault, origins[(int)(fault.Batch - start)]);
        }
    }

    private void RefuseShortData(MomentTotals totals, StopReason stoppedBy)
    {
        // A part of the data may have nothing where others have.
        if (options.Part is null)
            RecalibrationErrors.RefuseNothing(name, totals.Batches, totals.Skipped);
        if (stoppedBy == StopReason.DataEnd && totals.Batches < options.FewestBatches)
            throw RecalibrationErrors.NotEnoughData(name, options, totals.Batches);
    }
}

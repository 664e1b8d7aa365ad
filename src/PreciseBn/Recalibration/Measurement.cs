using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>Runs batches through a model, once, and merges what its observed layers see.</summary>
/// <param name="name">The model, for messages.</param>
/// <param name="model">The model.</param>
/// <param name="data">The batches.</param>
/// <param name="options">What to do with bad ones, and when they are enough.</param>
/// <param name="most">The most batches that are used.</param>
/// <param name="checkpoint">Where the work is saved from time to time, and goes on from; the data go on from there too.</param>
internal sealed class Measurement(
    string name, IObservedModel model, IBatchSource data, RunOptions options, long most, IMeasurementCheckpoint? checkpoint = null) : IDisposable
{
    private readonly long _start = checkpoint?.Saved?.Batches ?? 0;
    private readonly MomentAccumulator _moments = new(model.Layout, model.Device, model.Rules, checkpoint?.Saved?.Batches ?? 0);
    private readonly List<string?> _origins = [];
    private readonly List<MomentTotals> _looks = [];
    private readonly StateProbe? _probe = checkpoint is not null || options.Part is not null ? new(name, model, checkpoint) : null;
    private MomentTotals? _saved = checkpoint?.Saved;
    private (ObservationFault Fault, long Items)? _tooSmall;
    private long _items;
    private InputScale? _scale;

    /// <summary>Runs the batches.</summary>
    /// <param name="onBatch">Told the number of batches done, after each.</param>
    /// <param name="cancellation">Stops within a batch; what has been measured is saved.</param>
    /// <param name="onObserved">Told each batch when the model has seen it.</param>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    public MeasurementResult Run(Action<long> onBatch, CancellationToken cancellation, Action<Batch>? onObserved = null)
    {
        StopReason stoppedBy;
        try
        {
            stoppedBy = _start >= most ? StopReason.Iterations : ReadData(onBatch, cancellation, onObserved);
            _probe?.Refuse();
        }
        catch (OperationCanceledException) when (checkpoint is not null && _moments.Added > (_saved?.Batches ?? 0))
        {
            _probe?.Refuse();
            checkpoint.Save(Totals());
            throw;
        }
        var totals = Totals();
        // The last of several batches is often a small one.
        if (_moments.Added == 0)
            RefuseTooSmall();
        RefuseShortData(totals, stoppedBy);
        return new MeasurementResult(totals, stoppedBy, _looks, _tooSmall?.Items ?? 0, Entrance());
    }

    public void Dispose()
    {
        _moments.Dispose();
        _probe?.Dispose();
    }

    // Data come from code that is not ours, which runs in none of our modes.
    private StopReason ReadData(Action<long> onBatch, CancellationToken cancellation, Action<Batch>? onObserved)
    {
        var precision = options.Tolerance is { } tolerance ? new PrecisionCheck(tolerance, options.Estimators, most, _start) : null;
        foreach (var batch in data.Read(cancellation))
        {
            using (batch)
            {
                if (!TryTake(batch, onObserved))
                    continue;
            }
            onBatch(_moments.Added);
            cancellation.ThrowIfCancellationRequested();
            if (options is MeasureOptions { RecordConvergence: true } && Convergence.IsDue(_moments.Added))
                _looks.Add(Totals());
            if (precision?.IsDue(_moments.Added) == true && precision.IsReached(Totals().Layers))
                return StopReason.Tolerance;
            if (_moments.Added == most)
                return StopReason.Iterations;
            if (checkpoint?.IsDue(_moments.Added) == true)
                Save(checkpoint);
        }
        return StopReason.DataEnd;
    }

    private bool TryTake(Batch batch, Action<Batch>? onObserved)
    {
        RefuseTooSmall();
        _items = batch.ItemCount;
        var fault = Observe(batch, onObserved);
        if (!batch.IsCounted)
            return false;
        Refuse(fault);
        return _tooSmall is null;
    }

    private ObservationFault? Observe(Batch batch, Action<Batch>? onObserved)
    {
        using var gradients = no_grad();
        // A model may change what it is given.
        _scale ??= InputScale.Of(batch);
        var isFirst = _probe?.TryKeep(batch) == true;
        var observation = model.Observe(batch);
        onObserved?.Invoke(batch);
        var fault = batch.IsCounted ? Count(batch, observation) : null;
        if (isFirst)
            _probe!.Refuse();
        return fault;
    }

    private ObservationFault? Count(Batch batch, Tensor observation)
    {
        _origins.Add(batch.Origin);
        return _moments.Add(observation);
    }

    private void Save(IMeasurementCheckpoint where)
    {
        _probe?.Refuse();
        _saved = Totals();
        _moments.Clear();
        where.Save(_saved);
    }

    private Entrance? Entrance() => _scale is null ? null : new(_scale, model.Layers[model.Observed[model.Order.Append(0).First()]].Name);

    private MomentTotals Totals()
    {
        using var gradients = no_grad();
        Refuse(_moments.Merge());
        var (layers, skipped) = _moments.Read(Shift());
        var unsaved = new MomentTotals(layers, _moments.Added - (_saved?.Batches ?? 0), skipped);
        return _saved?.With(unsaved) ?? unsaved;
    }

    private double[]? Shift()
    {
        using var scope = NewDisposeScope();
        return model.Shift?.to(ScalarType.Float64).cpu().data<double>().ToArray();
    }

    private void Refuse(ObservationFault? fault)
    {
        if (fault is { Kind: ObservationFaultKind.SingleValue } && fault.Batch == _moments.Added - 1 && _moments.Added < most)
        {
            _tooSmall = (fault, _items);
            _moments.LeaveOutLast();
        }
        else if (fault is not null)
        {
            throw Explain(fault);
        }
    }

    private void RefuseTooSmall()
    {
        if (_tooSmall is { Fault: { } fault })
            throw Explain(fault);
    }

    private PreciseBnException Explain(ObservationFault fault) => ObservationErrors.Explain(name, model, fault, _origins[(int)(fault.Batch - _start)]);

    private void RefuseShortData(MomentTotals totals, StopReason stoppedBy)
    {
        // A part of the data may have nothing where others have.
        if (options.Part is null)
            RecalibrationErrors.RefuseNothing(name, totals.Batches, totals.Skipped);
        if (stoppedBy == StopReason.DataEnd && totals.Batches < options.FewestBatches)
            throw RecalibrationErrors.NotEnoughData(name, options, totals.Batches);
    }
}

/// <summary>What running some batches through a model gave.</summary>
/// <param name="Totals">The moments of the observed layers, and how many batches there were.</param>
/// <param name="StoppedBy">Why no more batches were run.</param>
/// <param name="Looks">The totals on the way there, where that was asked for.</param>
/// <param name="ItemsLeftOut">Items of a last batch that was too small to have a variance.</param>
/// <param name="Entrance">Where the data come in; <c>null</c> if that is not known.</param>
internal sealed record MeasurementResult(MomentTotals Totals, StopReason StoppedBy, IReadOnlyList<MomentTotals> Looks, long ItemsLeftOut, Entrance? Entrance);

/// <summary>Where data come into a model.</summary>
/// <param name="Scale">How the numbers of the first batch are scaled.</param>
/// <param name="Layer">The layer that they reach first.</param>
internal sealed record Entrance(InputScale Scale, string Layer)
{
    /// <summary>The scale for that layer, and nothing for others.</summary>
    public InputScale? Of(string layer) => layer == Layer ? Scale : null;
}

/// <summary>What is known after some batches.</summary>
/// <param name="Layers">The moments of the observed layers.</param>
/// <param name="Batches">The number of batches that were run, with those that were skipped.</param>
/// <param name="Skipped">Batches that were left out because they had NaN or infinity.</param>
internal sealed record MomentTotals(IReadOnlyList<LayerMoments> Layers, long Batches, long Skipped)
{
    /// <summary>The same with other batches added.</summary>
    public MomentTotals With(MomentTotals others)
    {
        var merges = Layers.Select(layer => new MomentMerge(layer)).ToArray();
        for (var layer = 0; layer < merges.Length; layer++)
            merges[layer].Add(others.Layers[layer]);
        return new MomentTotals(merges.Select(merge => merge.Sum).ToArray(), Batches + others.Batches, Skipped + others.Skipped);
    }
}

/// <summary>Keeps what is known so far, so that a run that was broken off can go on.</summary>
internal interface IMeasurementCheckpoint
{
    /// <summary>What an earlier run has saved; <c>null</c> if none has.</summary>
    MomentTotals? Saved { get; }

    /// <summary>Whether it is to be saved after so many batches.</summary>
    bool IsDue(long batches);

    /// <summary>Saves it, in place of what was saved before.</summary>
    void Save(MomentTotals totals);

    /// <summary>Removes what was saved, as nothing can go on from it.</summary>
    void Discard();
}

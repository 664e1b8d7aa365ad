using System.Diagnostics;
using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Models;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>
/// Measures exactly with each operation of the model run once for each batch: segment by segment, with the values of all batches kept in
/// between. Which layer is behind which is read in the program, and holds for all batches.
/// </summary>
/// <param name="session">The model.</param>
/// <param name="batches">The batches.</param>
/// <param name="options">How.</param>
internal sealed class SegmentedMeasurement(MeasuringSession session, IBatchSource batches, MeasureOptions options)
{
    private const int ShareOfMemory = 4;

    private readonly IObservedModel _model = session.Model;
    private readonly long _memory = options.ActivationMemory ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory;

    /// <summary>Measures the layers.</summary>
    /// <returns>What they see; <c>null</c> where the model has to be run as a whole.</returns>
    /// <exception cref="PreciseBnException">The data cannot be used, or there is no room for what is to be kept.</exception>
    public LayerResult[]? TryMeasure(CancellationToken cancellation)
    {
        if (_model.Segments is not { } segments)
            return null;
        try
        {
            return TryPlan(segments, cancellation) ? Measure(segments, cancellation) : null;
        }
        catch (PreciseBnException e) when (e.ErrorId is "ForwardFailed" or "OutOfMemory")
        {
            // The whole takes less memory; and if it fails too, it can tell on which batch.
            return null;
        }
        finally
        {
            segments.Current = null;
        }
    }

    private LayerResult[] Measure(IModelSegments segments, CancellationToken cancellation)
    {
        var results = new LayerResult[_model.Layers.Count];
        var settled = new Dictionary<int, (double[] Mean, double[] Variance)>();
        var room = new KeptMemory(_memory);
        var before = new KeptBatches(session.Name, room);
        var next = new KeptBatches(session.Name, room);
        StopReason? stoppedBy = null;
        try
        {
            for (var segment = 0; segment < segments.Layers.Count; segment++)
            {
                var layers = segments.Layers[segment];
                segments.Current = segment;
                _model.Configure(layers, settled);
                // All segments have to see the same data, and so have ended for the reason for which the first has.
                var measured = session.Measure(
                    segment == 0 ? batches : before, segment == 0 ? options.MostBatches : before.BatchCount!.Value, (segment + 1, segments.Layers.Count),
                    cancellation, onObserved: batch => next.Add(segments.TakeValues(), batch.Origin));
                stoppedBy ??= measured.StoppedBy;
                foreach (var (index, layer) in layers.Index())
                {
                    results[layer] = LayerResult.Of(_model.Layers[layer], index, measured with { StoppedBy = stoppedBy.Value });
                    settled[layer] = results[layer].Settle(options);
                }
                before.Dispose();
                (before, next) = (next, new KeptBatches(session.Name, room));
            }
        }
        finally
        {
            before.Dispose();
            next.Dispose();
        }
        return results;
    }

    /// <summary>Runs the first batch both ways, and tells what it takes.</summary>
    /// <returns>Whether the segments see what the whole does, and there is room for what is to be kept.</returns>
    private bool TryPlan(IModelSegments segments, CancellationToken cancellation)
    {
        foreach (var batch in batches.Read(cancellation))
        {
            (long Size, TimeSpan Time)? seen;
            using (batch)
            using (NewDisposeScope())
            using (no_grad())
                seen = TryBothWays(segments, batch, cancellation);
            var kept = seen?.Size * Math.Min(options.MostBatches, batches.BatchCount ?? options.MostBatches);
            // While a segment is run there is a file of the one before, too.
            if (kept is null || Math.Max(0, kept.Value - _memory) > TemporaryFile.FreeSpace() / 2)
                return false;
            session.Announce(batches, options.MostBatches, segments.Layers.Count, seen!.Value.Time / segments.Layers.Count, new(kept.Value, _memory));
            return true;
        }
        return false;
    }

    /// <returns>
    /// The most bytes that were kept between two segments, and the time that the whole takes; <c>null</c> if a segment does not see what the
    /// whole does.
    /// </returns>
    private (long Size, TimeSpan Time)? TryBothWays(IModelSegments segments, Batch batch, CancellationToken cancellation)
    {
        var all = Enumerable.Range(0, _model.Layers.Count).ToArray();
        var saved = all.ToDictionary(layer => layer, layer => (_model.Layers[layer].Mean, _model.Layers[layer].Variance));
        segments.Current = null;
        _model.Configure(all, saved);
        var whole = ObserveCopy(batch);
        // The first time libtorch compiles it.
        var clock = Stopwatch.StartNew();
        ObserveCopy(batch);
        var time = clock.Elapsed;

        var size = 0L;
        var given = batch.Copy();
        try
        {
            for (var segment = 0; segment < segments.Layers.Count; segment++)
            {
                cancellation.ThrowIfCancellationRequested();
                segments.Current = segment;
                _model.Configure(segments.Layers[segment], saved);
                var seen = Observe(given);
                Release(given);
                given = batch.With(segments.TakeValues());
                size = Math.Max(size, given.Inputs.Sum(KeptBatches.SizeOf));
                if (segments.Layers[segment].Index().Any(layer => !seen[layer.Index].SequenceEqual(whole[layer.Item])))
                    return null;
            }
        }
        finally
        {
            Release(given);
        }
        return (size, time);

        static void Release(Batch batch)
        {
            foreach (var value in batch.Inputs)
                value.Dispose();
        }
    }

    // The model may change what it is given.
    private IReadOnlyList<double[]> ObserveCopy(Batch batch)
    {
        using var copy = batch.Copy();
        return Observe(copy);
    }

    /// <returns>What each of the observed layers sees: means, variances, and the number of values.</returns>
    private IReadOnlyList<double[]> Observe(Batch batch)
    {
        using var scope = NewDisposeScope();
        var rows = _model.Observe(batch).to(ScalarType.Float64).cpu().data<double>().ToArray();
        return _model.Layout.Starts.Zip(_model.Layout.Channels, (start, channels) => (start, channels)).Select((place, layer) => (double[])
        [
            .. rows.AsSpan(place.start, place.channels), .. rows.AsSpan(_model.Layout.Width + place.start, place.channels),
            _model.Layout.CountsOf(rows, layer).Values,
        ]).ToArray();
    }
}

using System.Diagnostics;
using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>
/// Measures each layer with all others normalised by their final statistics: in segments of the model where it has them, and else in passes over
/// the data, of which each is for the layers that depend on none of each other.
/// </summary>
/// <param name="session">The model.</param>
/// <param name="batches">The batches.</param>
/// <param name="options">How.</param>
internal sealed class ExactMeasurement(MeasuringSession session, IBatchSource batches, MeasureOptions options)
{
    /// <summary>Measures the layers.</summary>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    public LayerResult[] Measure(CancellationToken cancellation)
    {
        if (new SegmentedMeasurement(session, batches, options).TryMeasure(cancellation) is not { } results)
            return MeasureInPasses(cancellation);
        // What one layer leaves out, others need not.
        return results.Any(result => result.SkippedBatches > 0) ? Check(results, pass: 1, cancellation) : results;
    }

    // Those of a pass normalise by the batch, and those before them by statistics that are final.
    internal LayerResult[] MeasureInPasses(CancellationToken cancellation)
    {
        var plan = PlanPasses(cancellation);
        var model = session.Model;
        var results = new LayerResult[model.Layers.Count];
        var settled = new Dictionary<int, (double[] Mean, double[] Variance)>();
        long most = options.MostBatches;
        StopReason? stoppedBy = null;
        for (var pass = 0; pass < plan.Count; pass++)
        {
            model.Configure(plan[pass], settled);
            var measured = session.Measure(batches, most, (pass + 1, plan.Count + 1), cancellation);
            // All passes have to see the same data: a later one that has seen them has ended for the same reason.
            stoppedBy = measured.Totals.Batches == most ? stoppedBy ?? measured.StoppedBy : measured.StoppedBy;
            most = measured.Totals.Batches;
            for (var i = 0; i < plan[pass].Count; i++)
            {
                var layer = plan[pass][i];
                results[layer] = LayerResult.Of(model.Layers[layer], i, measured with { StoppedBy = stoppedBy.Value });
                settled[layer] = results[layer].Settle(options);
            }
        }
        return Check(results, plan.Count + 1, cancellation);
    }

    private IReadOnlyList<IReadOnlyList<int>> PlanPasses(CancellationToken cancellation)
    {
        var plan = new ExactPlan(session.Model);
        foreach (var batch in batches.Read(cancellation))
        {
            using (batch)
            using (no_grad())
                plan.Learn(batch, cancellation);
            if (plan.IsDone)
                break;
        }
        session.Announce(batches, options.MostBatches, plan.Passes.Count + 1, plan.TimeOfBatch);
        return plan.Passes;
    }

    /// <summary>
    /// Runs the data with all layers normalised by what was measured: they have to see just these statistics. What a layer sees is
    /// right as soon as those before it are, so that each further pass puts right at least the next of a chain.
    /// </summary>
    private LayerResult[] Check(LayerResult[] results, int pass, CancellationToken cancellation)
    {
        var model = session.Model;
        var all = Enumerable.Range(0, results.Length).ToArray();
        var most = results[0].TotalBatches;
        for (var repairs = 0; ; repairs++)
        {
            var before = results.Select(result => result.Settle(options)).ToArray();
            model.Configure(all, all.ToDictionary(layer => layer, layer => before[layer]));
            var measured = session.Measure(batches, most, (pass + repairs, pass + repairs), cancellation);
            var seen = all.Select(layer => LayerResult.Of(model.Layers[layer], layer, measured) with
            {
                StoppedBy = results[layer].StoppedBy,
                Looks = results[layer].Looks,
                InputScale = results[layer].InputScale,
            }).ToArray();
            var changed = all.Where(layer => seen[layer].Moments.Count != results[layer].Moments.Count
                || !IsSettled(before[layer], seen[layer].Settle(options), model.Layers[layer].Eps)).ToArray();
            if (changed.Length == 0)
                return results;
            if (repairs > all.Length)
                throw RecalibrationErrors.ExactNotSettled(session.Name, model.Layers[changed[0]].Name, pass + repairs);
            foreach (var layer in changed)
                results[layer] = seen[layer];
        }
    }

    // What a layer does to its input is decided by its variance with eps.
    private static bool IsSettled((double[] Mean, double[] Variance) before, (double[] Mean, double[] Variance) after, double eps)
    {
        const double Tolerance = 1e-6;
        for (var channel = 0; channel < before.Mean.Length; channel++)
        {
            var variance = after.Variance[channel] + (double.IsNaN(eps) ? 0 : eps);
            if (!(Math.Abs(after.Mean[channel] - before.Mean[channel]) <= Tolerance * Math.Sqrt(variance)
                && Math.Abs(after.Variance[channel] - before.Variance[channel]) <= Tolerance * variance))
                return false;
        }
        return true;
    }
}

/// <summary>
/// In which passes layers are measured whose inputs depend on the final statistics of others. It is found by trying, on a few
/// batches: if the statistics that one layer normalises by are changed, the next ones see other values. Other batches may take other
/// ways through the model, so that it is a guess, which <see cref="Recalibrator"/> checks in the end.
/// </summary>
/// <param name="model">The model.</param>
internal sealed class ExactPlan(IObservedModel model)
{
    private const int MostBatches = 8;

    private readonly int[] _passOf = new int[model.Layers.Count];
    private readonly HashSet<int> _reached = [];
    private int _batches;

    /// <summary>Whether every layer has been reached, or enough batches have been tried.</summary>
    public bool IsDone => _reached.Count == model.Layers.Count || _batches == MostBatches;

    /// <summary>Indices of the layers of each pass; those of one pass depend on none of each other.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Passes => Enumerable.Range(0, _passOf.Length).GroupBy(layer => _passOf[layer]).OrderBy(pass => pass.Key)
        .Select(pass => (IReadOnlyList<int>)pass.ToArray()).ToArray();

    /// <summary>How long the model takes for a batch; the first take longer, as libtorch compiles the model.</summary>
    public TimeSpan TimeOfBatch { get; private set; }

    /// <summary>Learns from a batch which layers are behind which.</summary>
    public void Learn(Batch batch, CancellationToken cancellation)
    {
        _batches++;
        var all = Enumerable.Range(0, model.Layers.Count).ToArray();
        var none = new Dictionary<int, (double[] Mean, double[] Variance)>();
        model.Configure(all, none);
        var baseline = Observe(batch, all);
        var order = model.Order.ToArray();
        if (baseline.Values.Any(means => means.Any(mean => !double.IsFinite(mean))))
            return;
        _reached.UnionWith(order);
        foreach (var source in order)
        {
            cancellation.ThrowIfCancellationRequested();
            var behind = order[(Array.IndexOf(order, source) + 1)..];
            if (behind.Length == 0)
                break;
            var others = all.Where(layer => layer != source).ToArray();
            model.Configure(others, new Dictionary<int, (double[], double[])> { [source] = Other(source) });
            var changed = Observe(batch, others);
            foreach (var other in behind.Where(other => !changed[other].SequenceEqual(baseline[other])))
                _passOf[other] = Math.Max(_passOf[other], _passOf[source] + 1);
        }
    }

    private (double[] Mean, double[] Variance) Other(int source)
    {
        var layer = model.Layers[source];
        return (layer.Mean.Select((value, channel) => value + Math.Sqrt(Math.Abs(layer.Variance[channel])) + 1).ToArray(),
            layer.Variance.Select(value => (4 * Math.Abs(value)) + 1).ToArray());
    }

    // A model may change its inputs, which are needed again.
    private Dictionary<int, double[]> Observe(Batch batch, IReadOnlyList<int> layers)
    {
        using var copy = batch.Copy();
        var clock = Stopwatch.StartNew();
        var observation = model.Observe(copy);
        using var scope = NewDisposeScope();
        var means = observation.select(0, 0).to(ScalarType.Float64).cpu().data<double>().ToArray();
        TimeOfBatch = clock.Elapsed;
        return layers.Select((layer, i) => (layer, Means: means.AsSpan(model.Layout.Starts[i], model.Layout.Channels[i]).ToArray()))
            .ToDictionary(item => item.layer, item => item.Means);
    }
}

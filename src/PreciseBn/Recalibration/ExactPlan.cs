using System.Diagnostics;
using PreciseBn.Batches;
using PreciseBn.Models;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

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

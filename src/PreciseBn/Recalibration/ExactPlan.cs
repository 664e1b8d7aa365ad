using System.Diagnostics;
using PreciseBn.Batches;
using PreciseBn.Models;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>
/// In which passes layers are measured whose inputs depend on the final statistics of others: those of a pass depend on none
/// of each other.
/// </summary>
/// <param name="Passes">Indices of the layers of each pass.</param>
/// <param name="TimeOfBatch">How long the model takes for a batch.</param>
internal sealed record ExactPlan(IReadOnlyList<IReadOnlyList<int>> Passes, TimeSpan TimeOfBatch)
{
    /// <summary>
    /// Finds out by trying: if the statistics that one layer normalises by are changed, the next ones see other values.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">A batch to try it with.</param>
    public static ExactPlan Make(IObservedModel model, Batch batch)
    {
        var all = Enumerable.Range(0, model.Layers.Count).ToArray();
        model.Configure(all, NoneSettled);
        var baseline = Observe(model, batch, all);
        var order = model.Order.ToArray();

        var passOf = new int[all.Length];
        var timeOfBatch = TimeSpan.MaxValue;
        foreach (var source in order)
        {
            var others = all.Where(layer => layer != source).ToArray();
            var layer = model.Layers[source];
            model.Configure(others, new Dictionary<int, (double[], double[])>
            {
                [source] = (layer.Mean.Select((value, channel) => value + Math.Sqrt(layer.Variance[channel]) + 1).ToArray(),
                    layer.Variance.Select(value => (4 * value) + 1).ToArray()),
            });
            var clock = Stopwatch.StartNew();
            var changed = Observe(model, batch, others);
            // The first batches take longer, as libtorch compiles the model.
            timeOfBatch = clock.Elapsed < timeOfBatch ? clock.Elapsed : timeOfBatch;
            foreach (var other in others.Where(other => IsAfter(order, other, source) && !changed[other].SequenceEqual(baseline[other])))
                passOf[other] = Math.Max(passOf[other], passOf[source] + 1);
        }
        var passes = all.GroupBy(layer => passOf[layer]).OrderBy(pass => pass.Key).Select(pass => (IReadOnlyList<int>)pass.ToArray());
        return new ExactPlan(passes.ToArray(), order.Length == 0 ? TimeSpan.Zero : timeOfBatch);
    }

    public static IReadOnlyDictionary<int, (double[] Mean, double[] Variance)> NoneSettled { get; } =
        new Dictionary<int, (double[] Mean, double[] Variance)>();

    private static bool IsAfter(int[] order, int layer, int source) =>
        Array.IndexOf(order, layer) > Array.IndexOf(order, source);

    private static Dictionary<int, double[]> Observe(IObservedModel model, Batch batch, IReadOnlyList<int> layers)
    {
        using var host = model.Observe(batch).select(0, 0).to(ScalarType.Float64).cpu();
        var means = host.data<double>().ToArray();
        return layers.Select((layer, i) => (layer, Means: means.AsSpan(model.Layout.Starts[i], model.Layout.Channels[i]).ToArray()))
            .ToDictionary(item => item.layer, item => item.Means);
    }
}

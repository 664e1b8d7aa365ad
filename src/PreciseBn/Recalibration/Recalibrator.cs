using PreciseBn.Batches;
using PreciseBn.Models;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>
/// Recomputes BatchNorm statistics with the weights fixed ("Rethinking 'Batch' in BatchNorm", arXiv 2105.07576, section 3):
/// run some batches, and give every value that reaches a layer the same weight.
/// </summary>
/// <param name="source">The model.</param>
/// <param name="layers">Names of the layers that are measured; all others stay as they are.</param>
/// <param name="data">The batches.</param>
/// <param name="options">How.</param>
/// <param name="progress">Told about every batch.</param>
internal sealed class Recalibrator(
    IModelSource source, IReadOnlyCollection<string> layers, IBatchSource data, MeasureOptions options, IProgress<MeasureProgress>? progress)
{
    /// <summary>Measures the statistics, and changes nothing.</summary>
    /// <returns>The statistics of each layer, for each estimator in turn.</returns>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public BnResult Measure(CancellationToken cancellation)
    {
        var batches = new FittedBatches(data, source.BatchSizes);
        using var session = new MeasuringSession(source, layers, options, progress);
        session.RefuseFew(batches.BatchCount);
        var results = options.Exact ? MeasureExactly(session, batches, cancellation) : MeasureAtOnce(session, batches, cancellation);
        if (results.All(result => result.Moments.Batches == 0))
            throw RecalibrationErrors.NothingReached(session.Name, results[0].TotalBatches);
        return new BnResult(options.Estimators.SelectMany(estimator => results.Select(result =>
            result.ToStat(estimator, options.PriorWeight, estimator == options.Estimators[0] ? source.Path : null) with
            {
                ItemsLeftOut = batches.ItemsLeftOut + result.ItemsLeftOut,
                Data = data.Description,
                Device = session.Device.ToString(),
                File = estimator == options.Estimators[0] ? source.Identity : null,
            })).ToArray());
    }

    private LayerResult[] MeasureAtOnce(MeasuringSession session, IBatchSource batches, CancellationToken cancellation)
    {
        var measured = session.Measure(batches, options.MostBatches, (1, 1), cancellation);
        return session.Model.Layers.Select((layer, index) => ToResult(layer, index, measured)).ToArray();
    }

    // Layer by layer: those of a pass normalise by the batch, and those before them by statistics that are final.
    private LayerResult[] MeasureExactly(MeasuringSession session, IBatchSource batches, CancellationToken cancellation)
    {
        var plan = PlanPasses(session, batches, cancellation);
        var model = session.Model;
        var results = new LayerResult[model.Layers.Count];
        var settled = new Dictionary<int, (double[] Mean, double[] Variance)>();
        long most = options.MostBatches;
        for (var pass = 0; pass < plan.Count; pass++)
        {
            model.Configure(plan[pass], settled);
            var measured = session.Measure(batches, most, (pass + 1, plan.Count + 1), cancellation);
            // All passes have to see the same data.
            most = measured.Totals.Batches;
            for (var i = 0; i < plan[pass].Count; i++)
            {
                var layer = plan[pass][i];
                results[layer] = ToResult(model.Layers[layer], i, measured);
                settled[layer] = Settled(results[layer]);
            }
        }
        return Check(session, batches, results, plan.Count + 1, cancellation);
    }

    /// <summary>
    /// Runs the data with all layers normalised by what was measured: they have to see just these statistics. What a layer sees is
    /// right as soon as those before it are, so that each further pass puts right at least the next of a chain.
    /// </summary>
    private LayerResult[] Check(MeasuringSession session, IBatchSource batches, LayerResult[] results, int pass, CancellationToken cancellation)
    {
        var model = session.Model;
        var all = Enumerable.Range(0, results.Length).ToArray();
        var most = results[0].TotalBatches;
        for (var repairs = 0; ; repairs++)
        {
            var before = results.Select(Settled).ToArray();
            model.Configure(all, all.ToDictionary(layer => layer, layer => before[layer]));
            var measured = session.Measure(batches, most, (pass + repairs, pass + repairs), cancellation);
            var seen = all.Select(layer => ToResult(model.Layers[layer], layer, measured) with
            {
                StoppedBy = results[layer].StoppedBy,
                Looks = results[layer].Looks,
                InputScale = results[layer].InputScale,
            }).ToArray();
            var changed = all.Where(layer => seen[layer].Moments.Count != results[layer].Moments.Count
                || !IsSettled(before[layer], Settled(seen[layer]), model.Layers[layer].Eps)).ToArray();
            if (changed.Length == 0)
                return results;
            if (repairs > all.Length)
                throw RecalibrationErrors.ExactNotSettled(session.Name, model.Layers[changed[0]].Name, pass + repairs);
            foreach (var layer in changed)
                results[layer] = seen[layer];
        }
    }

    private IReadOnlyList<IReadOnlyList<int>> PlanPasses(MeasuringSession session, IBatchSource batches, CancellationToken cancellation)
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

    private (double[] Mean, double[] Variance) Settled(LayerResult result) =>
        result.Moments.Batches > 0 ? result.Blend(options.Estimators[0], options.PriorWeight) : result.Previous;

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

    private static LayerResult ToResult(BnModule layer, int index, MeasurementResult measured) => new()
    {
        Name = layer.Name,
        Aliases = layer.Aliases,
        Type = layer.Type,
        Eps = layer.Eps,
        Previous = (layer.Mean, layer.Variance),
        BatchesTracked = layer.BatchesTracked,
        Moments = measured.Totals.Layers[index],
        Looks = measured.Looks.Select(look => look.Layers[index]).ToArray(),
        TotalBatches = measured.Totals.Batches,
        SkippedBatches = measured.Totals.Skipped,
        ItemsLeftOut = measured.ItemsLeftOut,
        InputScale = measured.Entrance?.Of(layer.Name),
        StoppedBy = measured.StoppedBy,
    };
}

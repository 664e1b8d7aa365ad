namespace PreciseBn.Tests.Support;

/// <summary>Runs a <see cref="NetworkPlan"/> in plain float64, and pools what its layers see.</summary>
internal sealed class Arithmetic(NetworkPlan network)
{
    /// <summary>What a layer saw in a batch: the rows of all its calls.</summary>
    public sealed record Seen(List<double[]> Rows, int Calls, int SingleCalls);

    /// <summary>What each layer sees in a batch.</summary>
    /// <param name="batch">The rows of the batch.</param>
    /// <param name="settled">Statistics by which layers normalise; the others do by the batch.</param>
    public Seen[] Run(double[][] batch, IReadOnlyDictionary<int, (double[] Mean, double[] Variance)> settled)
    {
        var seen = network.Layers.Select(_ => new Seen([], 0, 0)).ToArray();
        var x = batch;
        foreach (var step in network.Steps)
        {
            x = step.Kind switch
            {
                NetworkStepKind.Linear => x.Select(row => Multiply(step.Weights!, row)).ToArray(),
                NetworkStepKind.BatchNorm => Normalise(step.Layer, x),
                NetworkStepKind.BatchNormIfPositive => x.Length > 0 && x[0][0] > 0 ? Normalise(step.Layer, x) : x,
                NetworkStepKind.BatchNormOfSome => OfSome(step.Layer, x),
                NetworkStepKind.Relu => x.Select(row => row.Select(value => Math.Max(0, value)).ToArray()).ToArray(),
                _ => x.Select(row => row.Select(value => value + value).ToArray()).ToArray(),
            };
        }
        return seen;

        double[][] OfSome(int layer, double[][] rows)
        {
            Normalise(layer, rows.Where(row => row[0] > 0).ToArray());
            return rows;
        }

        double[][] Normalise(int layer, double[][] rows)
        {
            if (rows.Length == 0)
                return rows;
            seen[layer].Rows.AddRange(rows);
            seen[layer] = seen[layer] with { Calls = seen[layer].Calls + 1, SingleCalls = seen[layer].SingleCalls + (rows.Length == 1 ? 1 : 0) };
            var (weight, bias, eps) = network.Layers[layer];
            var (mean, variance) = settled.TryGetValue(layer, out var known) ? known : Pool(rows);
            return rows.Select(row => row.Select((value, channel) =>
                ((value - mean[channel]) / Math.Sqrt(variance[channel] + eps) * weight[channel]) + bias[channel]).ToArray()).ToArray();
        }
    }

    /// <summary>Mean and biased variance of rows.</summary>
    public static (double[] Mean, double[] Variance) Pool(IReadOnlyList<double[]> rows)
    {
        var mean = Enumerable.Range(0, rows[0].Length).Select(channel => rows.Average(row => row[channel])).ToArray();
        return (mean, mean.Select((m, channel) => rows.Average(row => (row[channel] - m) * (row[channel] - m))).ToArray());
    }

    /// <summary>The statistics of each layer over some batches; <c>null</c> where none reaches it.</summary>
    public (double[] Mean, double[] Variance)?[] Statistics(IReadOnlyList<double[][]> batches, Estimator estimator, bool isExact)
    {
        var settled = new Dictionary<int, (double[] Mean, double[] Variance)>();
        // A layer comes behind those with lower numbers only.
        for (var layer = 0; isExact && layer < network.Layers.Count; layer++)
        {
            if (Estimate(batches.Select(batch => Run(batch, settled)[layer]).ToArray(), estimator) is { } statistics)
                settled[layer] = statistics;
        }
        var seen = batches.Select(batch => Run(batch, settled)).ToArray();
        return Enumerable.Range(0, network.Layers.Count).Select(layer => Estimate(seen.Select(all => all[layer]).ToArray(), estimator)).ToArray();
    }

    private static (double[] Mean, double[] Variance)? Estimate(IReadOnlyList<Seen> batches, Estimator estimator)
    {
        var reached = batches.Where(seen => seen.Rows.Count > 0).Select(seen => seen.Rows).ToArray();
        if (reached.Length == 0)
            return null;
        if (estimator == Estimator.PopulationVariance)
            return Pool(reached.SelectMany(rows => rows).ToArray());
        var each = reached.Select(rows => (Pool(rows).Mean, Variance: Pool(rows).Variance.Select(variance =>
            rows.Count == 1 ? 0 : variance * rows.Count / (rows.Count - 1)).ToArray())).ToArray();
        return (Average(each.Select(one => one.Mean)), Average(each.Select(one => one.Variance)));
    }

    private static double[] Average(IEnumerable<double[]> vectors)
    {
        var all = vectors.ToArray();
        return Enumerable.Range(0, all[0].Length).Select(channel => all.Average(vector => vector[channel])).ToArray();
    }

    private static double[] Multiply(double[,] weights, double[] row) =>
        Enumerable.Range(0, weights.GetLength(0)).Select(output => row.Select((value, input) => weights[output, input] * value).Sum()).ToArray();
}

using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Tests.Support;

/// <summary>
/// Batches and options drawn by chance for a network: what is measured is what plain float64 arithmetic, which knows nothing of TorchSharp,
/// makes of them, or the batch that forbids it is refused by name.
/// </summary>
/// <param name="name">What the network is called in messages.</param>
/// <param name="network">The network.</param>
/// <param name="fewest">The fewest items of a batch.</param>
internal sealed class NetworkTrial(string name, NetworkPlan network, int fewest = 0)
{
    private const double Tolerance = 1e-6;
    private const string Same = "same";

    // Enough for a measurement to end by its tolerance, which it does not before so many.
    private const int ManyBatches = 3 * RunOptions.FewestForTolerance;

    /// <returns>"same", or the id of the error that it was refused with.</returns>
    public string Run(BnModel model, Random random)
    {
        using var scope = NewDisposeScope();
        var options = new MeasureOptions
        {
            Estimators = random.Next(2) == 0 ? [Estimator.PopulationVariance, Estimator.MeanOfBatchVariance] : [Estimator.MeanOfBatchVariance, Estimator.PopulationVariance],
            AllowReuse = random.Next(4) != 0,
            SkipNonFinite = random.Next(2) == 0,
            Exact = random.Next(3) == 0,
            PriorWeight = random.Next(4) == 0 ? 10 : 0,
            Tolerance = random.Next(5) == 0 ? 0.3 : null,
        };
        if (options.Exact)
            options = options with { Tolerance = null };
        var batches = Enumerable.Range(0, random.Next(1, options.Tolerance is null ? 9 : ManyBatches)).Select(_ => Draw(random)).ToList();
        var given = batches.Select(ToTensor).ToArray();
        var before = given.Select(batch => batch.clone()).ToArray();
        var way = random.Next(3);
        // Each shard has a last batch of its own, which may be left out.
        var isWhole = way == 0 || options.Exact || options.Tolerance is not null || given.Length < 2 || batches.Any(HasSingle);
        IReadOnlyList<BnStat> measured;
        try
        {
            measured = isWhole ? model.Measure(BatchSource.Of(given), options).Statistics
                : way == 1 ? Merge(model, given, options) : Resume(model, given, options, random);
        }
        catch (PreciseBnException error)
        {
            Assert.True(MayBeRefused(error.ErrorId, batches, options), $"{name}, {Describe(batches, options)}: {error.Message}");
            return error.ErrorId;
        }
        Assert.All(given.Zip(before), pair => Assert.True(pair.First.nan_to_num().equal(pair.Second.nan_to_num()).all().item<bool>(), $"{name} has changed a batch."));
        Compare(options.Tolerance is null ? Counted(batches, options) : Leading(batches, measured, options), measured, options);
        return Same;
    }

    private static IReadOnlyList<BnStat> Merge(BnModel model, Tensor[] batches, MeasureOptions options)
    {
        var shards = new[] { "1/2", "2/2" }.SelectMany(shard => model.MeasureShard(BatchSource.Of(batches), ForShard(options) with { Shard = DataShard.Parse(shard) }));
        return Shards.Merge(shards).Estimate(options.PriorWeight).Statistics;
    }

    // Broken off somewhere, and taken up again.
    private static IReadOnlyList<BnStat> Resume(BnModel model, Tensor[] batches, MeasureOptions options, Random random)
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        var left = random.Next(1, batches.Length + 1);
        var progress = new Recorder(_ =>
        {
            if (--left == 0)
                cancellation.Cancel();
        });
        var shard = ForShard(options) with { Checkpoint = folder.File("checkpoint.safetensors"), Every = random.Next(1, 4), DataName = "numbers" };
        try
        {
            model.MeasureShard(BatchSource.Of(batches), shard, progress, cancellation.Token);
        }
        catch (OperationCanceledException)
        {
        }
        return Shards.Merge(model.MeasureShard(BatchSource.Of(batches), shard)).Estimate(options.PriorWeight).Statistics;
    }

    private static ShardOptions ForShard(MeasureOptions options) =>
        new() { Estimators = options.Estimators, AllowReuse = options.AllowReuse, SkipNonFinite = options.SkipNonFinite };

    private void Compare(IReadOnlyList<double[][]> batches, IReadOnlyList<BnStat> measured, MeasureOptions options)
    {
        foreach (var estimator in options.Estimators)
        {
            // Layers before one are settled by the estimator that is written.
            var expected = new Arithmetic(network).Statistics(batches, options.Exact ? options.Estimators[0] : estimator, options.Exact);
            if (options.Exact && (estimator != options.Estimators[0] || options.PriorWeight > 0))
                continue;
            for (var layer = 0; layer < expected.Length; layer++)
            {
                var stat = measured.Single(one => one.Name == $"bn{layer}" && one.Estimator == estimator);
                var (mean, variance) = expected[layer] is { } known ? Mix(known, stat.Count, options.PriorWeight) : (stat.PreviousMean, stat.PreviousVariance);
                for (var channel = 0; channel < mean.Length; channel++)
                {
                    var scale = Math.Sqrt(variance[channel] + network.Layers[layer].Eps);
                    Assert.True(
                        Math.Abs(mean[channel] - stat.Mean[channel]) <= Tolerance * scale && Math.Abs(variance[channel] - stat.Variance[channel]) <= Tolerance * scale * scale,
                        $"{name}, bn{layer}, channel {channel}, {estimator}, {Describe(batches, options)}: {stat.Mean[channel]} and {stat.Variance[channel]} for {mean[channel]} and {variance[channel]}.");
                }
            }
        }
    }

    // The statistics of before are mean 0 and variance 1.
    private static (double[] Mean, double[] Variance) Mix((double[] Mean, double[] Variance) measured, long count, double weight)
    {
        var share = count / (count + weight);
        return (measured.Mean.Select(mean => share * mean).ToArray(),
            measured.Variance.Select((variance, channel) =>
                (share * variance) + (1 - share) + (share * (1 - share) * measured.Mean[channel] * measured.Mean[channel])).ToArray());
    }

    private bool MayBeRefused(string error, List<double[][]> batches, MeasureOptions options)
    {
        var seen = batches.Select(batch => SeenBy(batch)).ToArray();
        return error switch
        {
            "LayerReused" => !options.AllowReuse && seen.Any(batch => batch.Any(layer => layer.Calls > 1)),
            "SingleValue" => !options.Exact && seen.Any(batch => batch.Any(layer => layer.SingleCalls > 0)),
            "NotFinite" => !options.SkipNonFinite && batches.Any(batch => IsNonFinite(batch)),
            "AllBatchesSkipped" => options.SkipNonFinite && Halves(batches).Append(batches).Any(half => half.All(IsNonFinite)),
            "NothingReached" => Counted(batches, options).All(batch => SeenBy(batch).All(layer => !layer.Rows.Any())),
            // A layer that feeds itself has no exact statistics.
            "ExactNotSettled" => seen.Any(batch => batch.Any(layer => layer.Calls > 1)),
            _ => false,
        };
    }

    // Of batches until the tolerance was reached: as many as have reached each layer.
    private List<double[][]> Leading(List<double[][]> batches, IReadOnlyList<BnStat> measured, MeasureOptions options)
    {
        for (var count = RunOptions.FewestForTolerance; count < batches.Count; count++)
        {
            var finite = batches.Take(count).Where(batch => !IsNonFinite(batch)).ToList();
            var reached = network.Layers.Select((_, layer) => (long)finite.Count(batch => SeenBy(batch)[layer].Rows.Count > 0));
            if (measured[0].StoppedBy == StopReason.Tolerance && measured.Take(network.Layers.Count).Select(stat => stat.Batches).SequenceEqual(reached))
                return finite;
        }
        return Counted(batches, options);
    }

    // What two shards are given.
    private static IEnumerable<IEnumerable<double[][]>> Halves(List<double[][]> batches) =>
        [batches.Where((_, index) => index % 2 == 0), batches.Where((_, index) => index % 2 == 1)];

    // Without batches that are skipped, and without a last one that has no variance.
    private List<double[][]> Counted(List<double[][]> batches, MeasureOptions options)
    {
        var finite = batches.Where(batch => !IsNonFinite(batch)).ToList();
        if (!options.Exact && finite.Count > 0 && batches.Count > 0 && !IsNonFinite(batches[^1])
            && HasSingle(finite[^1]))
            finite.RemoveAt(finite.Count - 1);
        return finite;
    }

    // What no layer sees does no harm.
    private bool IsNonFinite(double[][] batch) => SeenBy(batch)
        .Any(seen => seen.Rows.Any(row => row.Any(value => !double.IsFinite(value))));

    private bool HasSingle(double[][] batch) =>
        SeenBy(batch).Any(layer => layer.SingleCalls > 0);

    private Arithmetic.Seen[] SeenBy(double[][] batch) =>
        new Arithmetic(network).Run(batch, new Dictionary<int, (double[], double[])>());

    private string Describe(IEnumerable<double[][]> batches, MeasureOptions options) =>
        $"{(options.Exact ? "exact, " : "")}{(options.AllowReuse ? "reuse, " : "")}{(options.SkipNonFinite ? "skip, " : "")}prior {options.PriorWeight}, "
        + $"batches of {string.Join(", ", batches.Select(batch => $"{batch.Length}{(IsNonFinite(batch) ? " with NaN" : "")}"))}, "
        + string.Join(" ", network.Steps.Select(step => $"{step.Kind} {step.Layer}"));

    private double[][] Draw(Random random)
    {
        var rows = Math.Max(fewest, random.Next(12) switch { 0 => 0, 1 => 1, 2 => 2, _ => random.Next(2, 20) });
        var batch = Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, NetworkPlan.Inputs).Select(_ => (random.NextDouble() * 4) - 1.5).ToArray()).ToArray();
        if (rows > 0 && random.Next(12) == 0)
            batch[random.Next(rows)][random.Next(NetworkPlan.Inputs)] = double.NaN;
        return batch;
    }

    private static Tensor ToTensor(double[][] batch) => tensor(batch.SelectMany(row => row).ToArray(), ScalarType.Float64).reshape(batch.Length, NetworkPlan.Inputs);
}

using PreciseBn.Batches;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>
/// Networks and batches drawn by chance, in all ways to measure them: statistics are those of plain float64 arithmetic, which knows
/// nothing of TorchSharp, or the batch that forbids it is refused by name.
/// </summary>
public sealed class RandomNetworkTests
{
    private const int Networks = 600;
    private const int Inputs = 3;
    private const double Tolerance = 1e-6;

    [Fact]
    public void Statistics_are_those_of_plain_arithmetic_or_refused_by_name()
    {
        var outcomes = new Dictionary<string, int>();
        for (var seed = 0; seed < Networks; seed++)
        {
            var outcome = Try(seed);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        // Each of these has to come up, or the draws try nothing.
        Assert.All(
            new[] { "same", "LayerReused", "NotFinite", "SingleValue" },
            outcome => Assert.True(outcomes.GetValueOrDefault(outcome) > 5, $"{outcome} came up {outcomes.GetValueOrDefault(outcome)} times."));
        Assert.True(outcomes["same"] > Networks / 3);
    }

    private static string Try(int seed)
    {
        using var scope = NewDisposeScope();
        var random = new Random(seed);
        using var network = RandomNetwork.Draw(random, Inputs);
        var batches = Enumerable.Range(0, random.Next(1, 9)).Select(_ => Draw(random)).ToList();
        var options = new MeasureOptions
        {
            Estimators = [Estimator.PopulationVariance, Estimator.MeanOfBatchVariance],
            AllowReuse = random.Next(2) == 0,
            SkipNonFinite = random.Next(2) == 0,
            Exact = random.Next(3) == 0,
            PriorWeight = random.Next(4) == 0 ? 10 : 0,
        };
        using var model = BnModel.Of(network);
        var given = batches.Select(ToTensor).ToArray();
        var before = given.Select(batch => batch.clone()).ToArray();
        IReadOnlyList<BnStat> measured;
        try
        {
            // Each shard has a last batch of its own, which may be left out.
            var isDivided = !options.Exact && options.PriorWeight == 0 && given.Length > 1 && random.Next(3) == 0 && batches.All(batch => !HasSingle(network, batch));
            measured = isDivided ? Merge(model, given, options) : model.Measure(BatchSource.Of(given), options).Statistics;
        }
        catch (PreciseBnException error)
        {
            Assert.True(MayBeRefused(error.ErrorId, network, batches, options), $"Network {seed}, {Describe(network, batches, options)}: {error.Message}");
            return error.ErrorId;
        }
        Assert.All(given.Zip(before), pair => Assert.True(pair.First.nan_to_num().equal(pair.Second.nan_to_num()).all().item<bool>(), $"Network {seed} has changed a batch."));
        Compare(seed, network, Counted(network, batches, options), measured, options);
        return "same";
    }

    private static IReadOnlyList<BnStat> Merge(BnModel model, Tensor[] batches, MeasureOptions options)
    {
        var merger = new BnMerger();
        foreach (var shard in new[] { "1/2", "2/2" })
        {
            foreach (var partial in model.MeasureShard(BatchSource.Of(batches), new()
            {
                Shard = DataShard.Parse(shard),
                Estimators = options.Estimators,
                AllowReuse = options.AllowReuse,
                SkipNonFinite = options.SkipNonFinite,
            }))
                merger.Add(partial);
        }
        return merger.Estimate().Statistics;
    }

    private static void Compare(int seed, RandomNetwork network, IReadOnlyList<double[][]> batches, IReadOnlyList<BnStat> measured, MeasureOptions options)
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
                        $"Network {seed}, bn{layer}, channel {channel}, {estimator}, {Describe(network, batches, options)}: {stat.Mean[channel]} and {stat.Variance[channel]} for {mean[channel]} and {variance[channel]}.");
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

    private static bool MayBeRefused(string error, RandomNetwork network, List<double[][]> batches, MeasureOptions options)
    {
        var seen = batches.Select(batch => SeenBy(network, batch)).ToArray();
        return error switch
        {
            "LayerReused" => !options.AllowReuse && seen.Any(batch => batch.Any(layer => layer.Calls > 1)),
            "SingleValue" => !options.Exact && seen.Any(batch => batch.Any(layer => layer.SingleCalls > 0)),
            "NotFinite" => !options.SkipNonFinite && batches.Any(batch => IsNonFinite(network, batch)),
            "AllBatchesSkipped" => options.SkipNonFinite && Counted(network, batches, options).Count == 0,
            "NothingReached" => Counted(network, batches, options).All(batch => SeenBy(network, batch).All(layer => !layer.Rows.Any())),
            // A layer that feeds itself has no exact statistics.
            "ExactNotSettled" => seen.Any(batch => batch.Any(layer => layer.Calls > 1)),
            _ => false,
        };
    }

    // Without batches that are skipped, and without a last one that has no variance.
    private static List<double[][]> Counted(RandomNetwork network, List<double[][]> batches, MeasureOptions options)
    {
        var finite = batches.Where(batch => !IsNonFinite(network, batch)).ToList();
        if (!options.Exact && finite.Count > 0 && batches.Count > 0 && !IsNonFinite(network, batches[^1])
            && HasSingle(network, finite[^1]))
            finite.RemoveAt(finite.Count - 1);
        return finite;
    }

    // What no layer sees does no harm.
    private static bool IsNonFinite(RandomNetwork network, double[][] batch) => SeenBy(network, batch)
        .Any(seen => seen.Rows.Any(row => row.Any(value => !double.IsFinite(value))));

    private static bool HasSingle(RandomNetwork network, double[][] batch) =>
        SeenBy(network, batch).Any(layer => layer.SingleCalls > 0);

    private static Arithmetic.Seen[] SeenBy(RandomNetwork network, double[][] batch) =>
        new Arithmetic(network).Run(batch, new Dictionary<int, (double[], double[])>());

    private static string Describe(RandomNetwork network, IEnumerable<double[][]> batches, MeasureOptions options) =>
        $"{(options.Exact ? "exact, " : "")}{(options.AllowReuse ? "reuse, " : "")}{(options.SkipNonFinite ? "skip, " : "")}prior {options.PriorWeight}, "
        + $"batches of {string.Join(", ", batches.Select(batch => $"{batch.Length}{(IsNonFinite(network, batch) ? " with NaN" : "")}"))}, "
        + string.Join(" ", network.Steps.Select(step => $"{step.Kind} {step.Layer}"));

    private static double[][] Draw(Random random)
    {
        var rows = random.Next(12) switch { 0 => 0, 1 => 1, 2 => 2, _ => random.Next(2, 20) };
        var batch = Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, Inputs).Select(_ => (random.NextDouble() * 4) - 1.5).ToArray()).ToArray();
        if (rows > 0 && random.Next(12) == 0)
            batch[random.Next(rows)][random.Next(Inputs)] = double.NaN;
        return batch;
    }

    private static Tensor ToTensor(double[][] batch) => tensor(batch.SelectMany(row => row).ToArray(), ScalarType.Float64).reshape(batch.Length, Inputs);
}

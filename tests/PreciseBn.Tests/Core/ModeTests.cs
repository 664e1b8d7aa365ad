using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>What can be done otherwise than by default: exactly, with a prior, with reuse, leaving out bad batches.</summary>
public sealed class ModeTests
{
    private const double ExactTolerance = 1e-4;

    [Fact]
    public void Exact_statistics_do_not_depend_on_the_batch_size_where_the_usual_ones_do()
    {
        var exact = new[] { 2, 64 }.Select(size => Digits(size, new() { Exact = true })).ToArray();
        var usual = new[] { 2, 64 }.Select(size => Digits(size, new())).ToArray();

        Assert.InRange(LargestDifference(exact[0], exact[1]), 0, ExactTolerance);
        Assert.InRange(LargestDifference(usual[0], usual[1]), 0.05, double.MaxValue);
    }

    [Fact]
    public void Exact_statistics_are_those_that_the_model_sees_when_it_uses_them()
    {
        var stats = Digits(32, new() { Exact = true });
        var layers = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers
            .Select((layer, i) => layer with { Mean = stats[i].Mean, Variance = stats[i].Variance }).ToArray();
        using var folder = new TemporaryFolder();
        var model = folder.Copy("digits.scripted.pt");
        Runs.Apply(model, layers);

        // With the statistics in place nothing is left to move: measured again, exactly, they are what they are.
        var again = Runs.Measure(Runs.Read(model).Layers, Runs.Digits(), new() { Exact = true });

        Assert.All(again, stat => Assert.InRange(stat.MeanShift, 0, ExactTolerance));
        Assert.All(again, stat => Assert.InRange(stat.VarianceRatio, 1, 1 + ExactTolerance));
    }

    [Theory]
    [InlineData("branches.scripted.pt", 3)]
    [InlineData("digits.scripted.pt", 7)]
    public void Layers_that_do_not_depend_on_each_other_share_a_pass_and_one_more_checks_them(string model, int passes)
    {
        var plans = new List<MeasureProgress>();
        var data = new EnumerableBatchSource([randn(4, 1, 28, 28)], []);

        Runs.Measure(
            Runs.Read(Fixtures.Path(model)).Layers, data, new() { Exact = true }, new Recorder(plans.Add));

        Assert.All(plans, plan => Assert.Equal(passes, plan.Passes));
        Assert.Equal(0, plans[0].Pass);
        Assert.True(plans[0].Remaining > TimeSpan.Zero);
        Assert.Equal(passes, plans[^1].Pass);
    }

    [Fact]
    public void A_live_model_is_measured_exactly_and_left_as_it_was()
    {
        using var model = nn.Sequential(
            ("c1", nn.Conv2d(1, 3, 3)), ("b1", nn.BatchNorm2d(3)), ("r", nn.ReLU()), ("c2", nn.Conv2d(3, 3, 3)), ("b2", nn.BatchNorm2d(3)));
        model.train();
        using var images = randn(64, 1, 12, 12);
        var layers = Runs.Layers(model);

        var small = Runs.Measure(layers, new EnumerableBatchSource(images.split(2), []), new() { Exact = true });
        var large = Runs.Measure(layers, new EnumerableBatchSource(images.split(64), []), new() { Exact = true });

        Assert.InRange(LargestDifference(small, large), 0, ExactTolerance);
        Assert.All(model.named_modules().Select(item => item.module).OfType<BatchNorm>(), layer => Assert.True(layer.training && layer.momentum == 0.1));
        Assert.Equal([0, 0, 0], ((BatchNorm)model[1]).running_mean!.data<float>());
    }

    // The second layer sees what the first gives out with its mixture of 1 to 8 and eight values of mean 0 and variance 1.
    [Fact]
    public void With_a_prior_too_a_layer_sees_those_before_it_as_they_will_be()
    {
        using var model = nn.Sequential(("first", nn.BatchNorm1d(1)), ("second", nn.BatchNorm1d(1)));
        using var numbers = tensor(new[] { 1f, 2, 3, 4, 5, 6, 7, 8 }).reshape(8, 1);

        var stats = Runs.Measure(Runs.Layers(model), new EnumerableBatchSource(numbers.split(4), []), new() { Exact = true, PriorWeight = 8 });

        var (mean, variance) = (4.5 / 2, (1 + 5.25) / 2 + (4.5 * 4.5 / 4));
        Assert.Equal(mean, stats[0].Mean[0], 1e-6);
        Assert.Equal(variance, stats[0].Variance[0], 1e-6);
        var (seenMean, seenVariance) = ((4.5 - mean) / Math.Sqrt(variance + 1e-5), 5.25 / (variance + 1e-5));
        Assert.Equal(seenMean / 2, stats[1].Mean[0], 1e-6);
        Assert.Equal((1 + seenVariance) / 2 + (seenMean * seenMean / 4), stats[1].Variance[0], 1e-6);
    }

    [Fact]
    public void Uses_of_a_reused_layer_are_pooled()
    {
        const int Batches = 3;
        var path = Fixtures.Path("reused.scripted.pt");
        var data = Enumerable.Range(0, Batches).Select(_ => (randn(4, 3, 8, 8) * 2) + 50).ToArray();

        var stat = Runs.Measure(Runs.Read(path).Layers, new EnumerableBatchSource(data, []), new() { AllowReuse = true })
            .Single(stat => stat.Name == "bn");

        using var model = jit.load(path);
        var parameters = model.named_parameters().ToDictionary(item => item.name, item => (Tensor)item.parameter);
        var seen = data.SelectMany(batch =>
        {
            var normalised = nn.functional.batch_norm(batch, zeros(3), ones(3), parameters["bn.weight"], parameters["bn.bias"], training: true);
            var convolved = nn.functional.conv2d(normalised, parameters["conv.weight"], parameters.GetValueOrDefault("conv.bias"));
            return new[] { batch, convolved };
        }).Select(values => values.detach().to(ScalarType.Float64).transpose(0, 1).flatten(1)).ToArray();
        using var pooled = cat(seen, 1);
        Assert.Equal((Batches, 2 * Batches), (stat.Batches, stat.Uses));
        Assert.Equal(pooled.shape[1], stat.Count);
        for (var channel = 0; channel < 3; channel++)
        {
            var values = pooled[channel].contiguous().data<double>().ToArray();
            var mean = values.Average();
            Assert.Equal(mean, stat.Mean[channel], 1e-4);
            Assert.Equal(values.Average(value => (value - mean) * (value - mean)), stat.Variance[channel], stat.Variance[channel] * 1e-5);
        }
    }

    [Fact]
    public void Uses_of_a_reused_live_layer_are_pooled()
    {
        using var layer = nn.BatchNorm1d(2);
        using var model = nn.Sequential(("a", layer), ("double", nn.Linear(2, 2)), ("b", layer));
        var data = Enumerable.Range(0, 3).Select(_ => randn(20, 2) + 3).ToArray();

        var stat = Runs.Measure(Runs.Layers(model), new EnumerableBatchSource(data, []), new() { AllowReuse = true }).Single();

        var seen = data.SelectMany(batch =>
        {
            var normalised = nn.functional.batch_norm(batch, zeros(2), ones(2), layer.weight, layer.bias, training: true);
            return new[] { batch, ((Linear)model[1]).call(normalised) };
        }).ToArray();
        using var pooled = cat(seen).detach().to(ScalarType.Float64);
        using var mean = pooled.mean([0]);
        using var variance = pooled.var([0], unbiased: false);
        Assert.Equal(6, stat.Uses);
        Assert.Equal(mean.data<double>().ToArray(), stat.Mean, (expected, actual) => Math.Abs(expected - actual) < 1e-5);
        Assert.Equal(variance.data<double>().ToArray(), stat.Variance, (expected, actual) => Math.Abs(expected - actual) < 1e-5);
    }

    [Fact]
    public void Batches_that_are_not_finite_are_left_out_whole_and_counted()
    {
        var good = Enumerable.Range(0, 4).Select(_ => randn(2, 1, 28, 28)).ToArray();
        var bad = good[1].clone();
        bad[0, 0, 3, 3] = float.NaN;
        var layers = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers;

        var skipping = Runs.Measure(
            layers, new EnumerableBatchSource([good[0], bad, good[1], good[2], bad, good[3]], []), new() { SkipNonFinite = true });
        var clean = Runs.Measure(layers, new EnumerableBatchSource(good, []), new());

        Assert.All(skipping, stat => Assert.Equal((4, 2), (stat.Batches, stat.SkippedBatches)));
        Assert.InRange(LargestDifference(clean, skipping), 0, 1e-12);
    }

    [Fact]
    public void NaN_names_the_first_layer_in_order_of_execution_and_the_file()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("batches.npz");
        using (var zip = System.IO.Compression.ZipFile.Open(path, System.IO.Compression.ZipArchiveMode.Create))
        {
            foreach (var (name, value) in new[] { ("batch0", 1f), ("batch1", float.NaN) })
            {
                const string Header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
                using var entry = zip.CreateEntry($"{name}.npy").Open();
                entry.Write([0x93, .. "NUMPY\x01\0"u8, (byte)Header.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(Header),
                    .. new[] { 1, 2, 3, 4, 5, value }.SelectMany(BitConverter.GetBytes)]);
            }
        }
        using var data = BnDataLoader.FromFiles([path], new() { AsBatches = true });

        var error = Assert.Throws<PreciseBnException>(() => Runs.Measure(Runs.Read(Fixtures.Path("order.scripted.pt")).Layers, data, new()));

        Assert.Equal("NotFinite", error.ErrorId);
        Assert.Contains("'early'", error.Message);
        Assert.Contains("'batch1' in " + path, error.Message);
    }

    [Fact]
    public void A_prior_is_mixed_in_as_so_many_values_are()
    {
        const int Prior = 300;
        using var generator = new TorchSharp.torch.Generator(2);
        using var before = randn([Prior, 4], generator: generator) + 2;
        using var now = randn([100, 4], generator: generator) * 3;
        using var model = nn.BatchNorm1d(4);
        model.running_mean!.copy_(before.mean([0]));
        model.running_var!.copy_(before.var([0], unbiased: false));

        var stat = Runs.Measure(Runs.Layers(model), new EnumerableBatchSource(now.split(20), []), new() { PriorWeight = Prior }).Single();

        using var all = cat([before, now]).to(ScalarType.Float64);
        using var mean = all.mean([0]);
        using var variance = all.var([0], unbiased: false);
        Assert.Equal(mean.data<double>().ToArray(), stat.Mean, (expected, actual) => Math.Abs(expected - actual) < 1e-6);
        Assert.Equal(variance.data<double>().ToArray(), stat.Variance, (expected, actual) => Math.Abs(expected - actual) < 1e-5);
        Assert.Equal(100, stat.Count);
    }

    [Fact]
    public void Several_estimators_come_from_one_pass_and_the_first_is_written()
    {
        using var folder = new TemporaryFolder();
        using var data = Runs.Digits();
        var model = folder.Copy("digits.scripted.pt");
        var separate = Enum.GetValues<Estimator>().ToDictionary(estimator => estimator, estimator => Digits(32, new() { Estimators = [estimator] }));

        var stats = Runs.Update(Runs.Read(model).Layers, data, new()
        {
            Estimators = [Estimator.MeanOfBatchVariance, Estimator.PopulationVariance],
        });

        Assert.Equal(12, stats.Count);
        foreach (var group in stats.GroupBy(stat => stat.Estimator))
            Assert.Equal(separate[group.Key].SelectMany(stat => stat.Variance), group.SelectMany(stat => stat.Variance));
        Assert.All(stats, stat => Assert.Equal(stat.Estimator == Estimator.MeanOfBatchVariance ? model : null, stat.Path));
        Assert.Equal((float)stats[0].Variance[0], Runs.Read(model).Layers[0].Variance[0]);
    }

    [Fact]
    public void Measuring_changes_nothing_and_takes_a_read_only_model()
    {
        using var folder = new TemporaryFolder();
        using var data = Runs.Digits();
        var model = folder.Copy("digits.scripted.pt");
        File.SetAttributes(model, FileAttributes.ReadOnly);

        var stats = Runs.Measure(Runs.Read(model).Layers, data, new());

        Assert.Equal(6, stats.Count);
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.scripted.pt")), File.ReadAllBytes(model));
        File.SetAttributes(model, FileAttributes.Normal);
    }

    private static IReadOnlyList<BnStat> Digits(int batchSize, MeasureOptions options)
    {
        using var data = Runs.Digits(batchSize);
        return Runs.Measure(
            Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers, data, options with { Iterations = (int)data.BatchCount });
    }

    /// <summary>The largest difference of a mean in deviations, or of the logarithm of a variance.</summary>
    private static double LargestDifference(IReadOnlyList<BnStat> first, IReadOnlyList<BnStat> second) =>
        first.Zip(second).Max(pair => Enumerable.Range(0, pair.First.Channels).Max(channel => Math.Max(
            Math.Abs(pair.First.Mean[channel] - pair.Second.Mean[channel]) / Math.Sqrt(pair.First.Variance[channel]),
            Math.Abs(Math.Log(pair.First.Variance[channel] / pair.Second.Variance[channel])))));
}

using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>The statistics agree with exact float64 pooling and with fvcore, on the same inputs.</summary>
public sealed class ReferenceTests : IDisposable
{
    private const double ExactTolerance = 1e-5;
    private const double SmallestVariance = 1e-6;

    // fvcore accumulates in float32: E[x²] − E[x]² loses a factor (mean/deviation)² of its 24 bits.
    private const double SinglePrecision = 1.2e-7;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Cases => new()
    {
        { "digits.scripted.pt", "digits.expected.json" },
        { "digits.traced.pt", "digits.expected.json" },
        { "digits.scripted-extra.pt", "digits.expected.json" },
        { "digits.scripted-1.13.pt", "digits.expected.json" },
        { "digits.traced-1.13.pt", "digits.expected.json" },
        { "digits.scripted-training.pt", "digits.expected.json" },
        { "digits.traced-training.pt", "digits.expected.json" },
        { "digits.exported-2.6.pt2", "digits.expected.json" },
        { "digits.exported-2.14.pt2", "digits.expected.json" },
        { "digits.exported-decomposed-2.6.pt2", "digits.expected.json" },
        { "digits.exported-decomposed-2.14.pt2", "digits.expected.json" },
        { "digits.exported-static32-2.6.pt2", "digits.expected.json" },
        { "digits.exported-static32-2.14.pt2", "digits.expected.json" },
        { "kinds.scripted.pt", "kinds.expected.json" },
        { "sometimes.scripted.pt", "sometimes.expected.json" },
        { "two-inputs.scripted.pt", "two-inputs.expected.json" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Population_statistics_agree_with_exact_float64(string model, string reference)
    {
        using var expected = Expected.Read(reference);
        using var data = Runs.DataFor(model);
        var stats = Runs.Update(_folder.Copy(model), data);

        foreach (var layer in Comparable(expected, model))
        {
            Assert.Equal(expected.ExactCount(layer), stats[layer].Count);
            AssertClose(layer, expected.Exact(layer), stats[layer], (_, _) => ExactTolerance);
        }
    }

    [Theory]
    [InlineData("arguments-2.6.pt2")]
    [InlineData("arguments-2.14.pt2")]
    [InlineData("arguments-training-2.6.pt2")]
    [InlineData("arguments-training-2.14.pt2")]
    [InlineData("arguments-decomposed-2.14.pt2")]
    [InlineData("arguments-training-decomposed-2.14.pt2")]
    public void Exported_programs_with_all_kinds_of_arguments_agree_with_exact_float64(string model)
    {
        using var expected = Expected.Read("exported/arguments.expected.json");
        using var data = BnDataLoader.FromFiles(
            [Fixtures.Path("exported/arguments.batches.npz")], new() { AsBatches = true, Keys = ["image", "extra"] });
        var stats = Runs.Update(_folder.Copy("exported/" + model, model), data);

        Assert.Equal(["bn", "last", "plain", "wide"], expected.ExactLayers.Order());
        foreach (var layer in expected.ExactLayers)
        {
            Assert.Equal(expected.ExactCount(layer), stats[layer].Count);
            AssertClose(layer, expected.Exact(layer), stats[layer], (_, _) => ExactTolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Both_estimators_agree_with_fvcore_to_float32_rounding(string model, string reference)
    {
        using var expected = Expected.Read(reference);
        using var data = Runs.DataFor(model);
        foreach (var estimator in Enum.GetValues<Estimator>())
        {
            var path = _folder.Copy(model, $"{estimator}.pt");
            var stats = Runs.Update(path, data, Runs.With(estimator));
            foreach (var layer in Comparable(expected, model))
                AssertClose(layer, expected.FvCore(estimator, layer), stats[layer], (mean, variance) =>
                    ExactTolerance + (10 * SinglePrecision * (1 + (mean * mean / variance))));
        }
    }

    [Fact]
    public void Batches_of_different_sizes_agree_with_exact_float64()
    {
        using var expected = Expected.Read("digits.varied-batches.expected.json");
        var path = _folder.Copy("digits.scripted.pt");
        using var all = Runs.Digits(batchSize: expected.BatchSizes.Sum(), take: expected.BatchSizes.Sum());
        using var batch = all.Read().Single();
        var split = batch.Inputs[0].split(expected.BatchSizes.Select(size => (long)size).ToArray());

        var stats = Runs.Update(path, new EnumerableBatchSource(split, []));

        foreach (var layer in expected.ExactLayers)
            AssertClose(layer, expected.Exact(layer), stats[layer], (_, _) => ExactTolerance);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1600)]
    public void Statistics_of_a_first_layer_do_not_depend_on_how_its_inputs_are_split(int batchSize)
    {
        using var expected = Expected.Read("digits.expected.json");
        using var data = Runs.Digits(batchSize);
        var path = _folder.Copy("digits.scripted.pt");

        var stats = Runs.Update(path, data, Runs.With((int)data.BatchCount), layer => layer.Name == "stem.bn");

        AssertClose("stem.bn", expected.Exact("stem.bn"), stats["stem.bn"], (_, _) => ExactTolerance);
    }

    [Fact]
    public void Statistics_of_a_float64_model_agree_with_float64_arithmetic()
    {
        var path = _folder.Copy("double.scripted.pt");
        using var generator = new TorchSharp.torch.Generator(1);
        var batches = Enumerable.Range(0, 5).Select(_ => new[] { Random(generator, 5), Random(generator, 3) }).ToArray();
        var module = Runs.Read(path).Layers.Single();

        var stat = Runs.Update(path, new EnumerableBatchSource(batches, []))["bn"];

        using var model = jit.load(Fixtures.Path("double.scripted.pt"));
        var parameters = model.named_parameters().ToDictionary(item => item.name, item => (Tensor)item.parameter);
        var inputs = batches.Select(batch =>
            nn.functional.linear(batch[0], parameters["a.weight"], parameters.GetValueOrDefault("a.bias"))
            + nn.functional.linear(batch[1], parameters["b.weight"], parameters.GetValueOrDefault("b.bias"))).ToArray();
        var pooled = cat(inputs).detach();
        Assert.Equal(DType.Float64, module.DType);
        for (var channel = 0; channel < stat.Channels; channel++)
        {
            var values = pooled.select(1, channel).contiguous().data<double>().ToArray();
            var mean = values.Average();
            Assert.Equal(mean, stat.Mean[channel], 1e-12);
            Assert.Equal(values.Average(value => (value - mean) * (value - mean)), stat.Variance[channel], 1e-12);
        }
    }

    [Fact]
    public void A_bfloat16_model_is_measured_in_float32_and_written_in_bfloat16()
    {
        var path = _folder.Copy("bfloat16.scripted.pt");
        using var generator = new TorchSharp.torch.Generator(1);
        var data = Enumerable.Range(0, 4).Select(_ => randn([8, 3, 8, 8], generator: generator)).ToArray();

        var stat = Runs.Update(path, new EnumerableBatchSource(data, [])).Values.Single();
        var written = Runs.Read(path).Layers.Single();

        Assert.Equal(DType.BFloat16, written.DType);
        for (var channel = 0; channel < stat.Channels; channel++)
        {
            Assert.Equal(stat.Mean[channel], written.Mean[channel], Math.Abs(stat.Mean[channel]) / 256);
            Assert.Equal(stat.Variance[channel], written.Variance[channel], stat.Variance[channel] / 256);
        }
        Assert.Contains(stat.Variance, variance => (float)variance != ToBFloat16(variance));
    }

    public void Dispose() => _folder.Dispose();

    // Behind active dropout a layer sees random inputs, whose statistics are others.
    private static IEnumerable<string> Comparable(Expected expected, string model) =>
        expected.ExactLayers.Where(layer => !(model.Contains("-training", StringComparison.Ordinal) && layer == "bn"));

    private static void AssertClose(
        string layer, (double[] Mean, double[] Variance) expected, BnStat stat, Func<double, double, double> tolerance)
    {
        for (var channel = 0; channel < expected.Mean.Length; channel++)
        {
            var (mean, variance) = (expected.Mean[channel], expected.Variance[channel]);
            if (variance <= SmallestVariance)
                continue;
            var shift = Math.Abs(stat.Mean[channel] - mean) / Math.Sqrt(variance);
            var error = Math.Abs(stat.Variance[channel] - variance) / variance;
            Assert.True(shift <= ExactTolerance, $"{layer}[{channel}]: mean off by {shift} deviations");
            Assert.True(error <= tolerance(mean, variance), $"{layer}[{channel}]: variance off by {error}");
        }
    }

    private static Tensor Random(TorchSharp.torch.Generator generator, int features) =>
        randn([6, features], ScalarType.Float64, generator: generator);

    private static float ToBFloat16(double value) => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits((float)value) & ~0xffff);
}

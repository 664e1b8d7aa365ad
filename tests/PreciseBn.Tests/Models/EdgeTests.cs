using System.Text.Json;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>
/// Where statistics are easily a little wrong: a first batch that tells nothing or takes another way, calls without values, batches of
/// one value, channels that never vary. The truth is PyTorch's in float64; see tests/fixtures/make/edges.py.
/// </summary>
public sealed class EdgeTests
{
    private const double Tolerance = 1e-5;

    [Theory]
    [InlineData("net", "exnan")]
    [InlineData("net", "exok")]
    [InlineData("netnb", "exzero")]
    [InlineData("cond", "cond_neg")]
    [InlineData("cond", "cond_pos")]
    [InlineData("roi", "roi")]
    [InlineData("roi", "roi_mix")]
    [InlineData("one", "far_nan")]
    [InlineData("one", "far_ok")]
    public void Statistics_are_those_of_float64(string model, string data)
    {
        var expected = JsonDocument.Parse(File.ReadAllText(Edge("edges.expected.json"))).RootElement.EnumerateArray()
            .Single(one => one.GetProperty("model").GetString() == model && one.GetProperty("data").GetString() == data);

        var stats = Measure(model, data, new()
        {
            Exact = expected.GetProperty("exact").GetBoolean(),
            SkipNonFinite = expected.GetProperty("skip").GetBoolean(),
            Estimators = [Estimator.PopulationVariance, Estimator.MeanOfBatchVariance],
        });

        foreach (var layer in expected.GetProperty("layers").EnumerateObject())
        {
            var pooled = stats.Single(stat => stat.Name == layer.Name && stat.Estimator == Estimator.PopulationVariance);
            var averaged = stats.Single(stat => stat.Name == layer.Name && stat.Estimator == Estimator.MeanOfBatchVariance);
            Assert.Equal((layer.Value.GetProperty("count").GetInt64(), layer.Value.GetProperty("batches").GetInt64()), (pooled.Count, pooled.Batches));
            AssertClose(Values(layer.Value, "mean"), pooled.Mean, pooled.Variance);
            AssertClose(Values(layer.Value, "variance"), pooled.Variance, pooled.Variance);
            AssertClose(Values(layer.Value, "meanOfMeans"), averaged.Mean, averaged.Variance);
            AssertClose(Values(layer.Value, "meanOfVariances"), averaged.Variance, averaged.Variance);
        }
    }

    [PythonFact]
    public void PyTorch_gives_that_truth_again()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(Edge("")).Append(Fixtures.Path("make/edges.py")))
            File.Copy(file, folder.File(Path.GetFileName(file)));

        var (exitCode, output, errors) = Tool.Run(PythonFactAttribute.Interpreter, folder.File("edges.py"), folder.Path);

        Assert.True(exitCode == 0, errors);
        var (made, kept) = (Numbers(output), Numbers(File.ReadAllText(Edge("edges.expected.json"))));
        Assert.Equal(kept.Length, made.Length);
        Assert.All(kept.Zip(made), pair => Assert.Equal(pair.First, pair.Second, 1e-9 * Math.Max(1, Math.Abs(pair.First))));
    }

    [Fact]
    public void Every_layer_alone_is_measured_exactly()
    {
        foreach (var layer in Runs.Read(Edge("net.pt")).Layers)
        {
            using var data = Data("exok");
            using var model = BnModel.Open(Edge("net.pt"));

            Assert.Equal(layer.Name, Assert.Single(model.Only(layer.Name).Measure(data, new() { Exact = true }).Layers).Name);
        }
    }

    [Fact]
    public void A_layer_that_only_gets_empty_calls_keeps_what_it_has()
    {
        var stats = Measure("roi", "roi_empty", new());

        var head = stats.Single(stat => stat.Name == "head");
        Assert.Equal((0, 0, 0), (head.Batches, head.Uses, head.Count));
        Assert.Equal((head.PreviousMean, head.PreviousVariance), (head.Mean, head.Variance));
    }

    [Fact]
    public void A_dead_channel_is_no_drift()
    {
        var measured = Measure("constmodel", "const", new());

        Assert.DoesNotContain(BnExaminer.Examine(measured), finding => finding.Finding == FindingKind.Stale && finding.Detail.Contains("Infinity", StringComparison.Ordinal));
        Assert.All(measured, stat => Assert.True(double.IsFinite(stat.VarianceRatio)));
    }

    [Fact]
    public void A_model_that_changes_its_input_is_given_a_copy()
    {
        using var data = Data("inpfar");
        var batches = data.Read(default).Select(batch => batch.Inputs[0]).ToArray();
        var before = batches.Select(batch => batch.clone()).ToArray();
        using var model = BnModel.Open(Edge("inplace.pt"));

        var stat = model.Measure(Batches.BatchSource.Of(batches)).Layers[0];

        Assert.Equal(2000.066, stat.Mean[1], 1e-3);
        Assert.Equal(3.3198, stat.Variance[1], 1e-4);
        model.Measure(Batches.BatchSource.Of(batches), new() { Exact = true });
        Assert.All(batches.Zip(before), pair => Assert.True(pair.First.equal(pair.Second).all().item<bool>()));
    }

    [Fact]
    public void A_batch_of_one_value_is_refused_by_name_unless_it_is_the_last()
    {
        using var model = nn.Sequential(nn.BatchNorm1d(3));
        using var opened = BnModel.Of(model);
        var (many, one) = (randn(8, 3), randn(1, 3));

        var refused = Assert.Throws<PreciseBnException>(() => opened.Measure(Batches.BatchSource.Of([many, one, many])));
        var alone = Assert.Throws<PreciseBnException>(() => opened.Measure(Batches.BatchSource.Of([one])));
        var last = opened.Measure(Batches.BatchSource.Of([many, many, one]));

        Assert.Equal(("SingleValue", "SingleValue"), (refused.ErrorId, alone.ErrorId));
        Assert.Contains("batch 1", refused.Message);
        Assert.Equal((2, 1), (last.Batches, last.ItemsLeftOut));
        Assert.Equal(16, last.Layers[0].Count);
    }

    [Fact]
    public void Batches_of_one_value_are_right_in_the_exact_mode()
    {
        using var model = nn.Sequential(nn.BatchNorm1d(2));
        using var opened = BnModel.Of(model);
        using var values = tensor([1f, 10, 3, 20, 8, 60]).reshape(3, 2);

        var stat = opened.Measure(Batches.BatchSource.Of(values.split(1)), new() { Exact = true }).Layers[0];

        AssertClose([4, 30], stat.Mean, stat.Variance);
        AssertClose([26.0 / 3, 1400.0 / 3], stat.Variance, stat.Variance);
    }

    [Fact]
    public void If_all_batches_are_skipped_nothing_is_a_success()
    {
        using var model = nn.Sequential(nn.BatchNorm1d(2));
        using var opened = BnModel.Of(model);

        var error = Assert.Throws<PreciseBnException>(() =>
            opened.Update(Batches.BatchSource.Of([full([4, 2], float.NaN), full([4, 2], float.NaN)]), new() { SkipNonFinite = true }));

        Assert.Equal("AllBatchesSkipped", error.ErrorId);
    }

    private static IReadOnlyList<BnStat> Measure(string model, string data, MeasureOptions options)
    {
        using var batches = Data(data);
        using var opened = BnModel.Open(Edge($"{model}.pt"));
        return opened.Measure(batches, options).Statistics;
    }

    private static BnDataLoader Data(string name) => BnDataLoader.FromFiles([Edge($"{name}.npz")], new() { AsBatches = true });

    private static string Edge(string name) => Fixtures.Path(Path.Combine("edges", name));

    private static double[] Values(JsonElement layer, string name) => layer.GetProperty(name).EnumerateArray().Select(value => value.GetDouble()).ToArray();

    private static double[] Numbers(string json) => Numbers(JsonDocument.Parse(json).RootElement).ToArray();

    private static IEnumerable<double> Numbers(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Numbers),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(item => Numbers(item.Value)),
        JsonValueKind.Number => [element.GetDouble()],
        _ => [],
    };

    private static void AssertClose(double[] expected, double[] actual, double[] variances)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var channel = 0; channel < expected.Length; channel++)
            Assert.Equal(expected[channel], actual[channel], Tolerance * Math.Max(Math.Abs(expected[channel]), Math.Sqrt(variances[channel])));
    }
}

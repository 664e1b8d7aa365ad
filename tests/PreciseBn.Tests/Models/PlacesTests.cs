using System.Text.Json;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>
/// Models that keep statistics in unusual places (tests/fixtures/places): each call of BatchNorm is a layer's, with what PyTorch sees there in
/// float64, or is named and works as it was saved.
/// </summary>
public sealed class PlacesTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Files => new(Directory.EnumerateFiles(Fixtures.Path("places"), "*.pt*").Select(path => Path.GetFileName(path))
        .Where(name => name is not ("two-formats.frozen.pt" or "exchanging.script.pt")).Order());

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_call_is_a_layers_or_works_as_it_was_saved(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Place("expected.json")));
        var expected = json.RootElement.GetProperty(file.Split('.')[0]);
        using var model = BnModel.Open(Place(file));
        using var data = Data();

        var measured = model.Measure(data).Statistics.Where(stat => stat.Batches > 0).ToArray();

        Assert.Equal(expected.GetProperty("unaccounted").GetInt32() > 0, model.UnaccountedCalls.Count > 0);
        var layers = expected.GetProperty("exact_float64").EnumerateObject().ToArray();
        Assert.Equal(layers.Length, measured.Length);
        foreach (var layer in layers)
        {
            var stat = Find(measured, layer.Name, file);
            Assert.Equal(layer.Value.GetProperty("count").GetInt64(), stat.Count);
            var (mean, variance) = (Numbers(layer.Value.GetProperty("mean")), Numbers(layer.Value.GetProperty("var")));
            for (var channel = 0; channel < mean.Length; channel++)
            {
                Assert.Equal(mean[channel], stat.Mean[channel], Tolerance * Math.Sqrt(variance[channel] + stat.Eps));
                Assert.Equal(variance[channel], stat.Variance[channel], Tolerance * (variance[channel] + stat.Eps));
            }
        }
    }

    // The truth is what the last layer sees where the first normalises by its exact statistics, which its file has then.
    [Theory]
    [InlineData("changing.script.pt")]
    [InlineData("changing.pt2")]
    [InlineData("changing.decomposed.pt2")]
    [InlineData("changing-others.pt2")]
    [InlineData("forked.script.pt")]
    [InlineData("forked.trace.pt")]
    [InlineData("changing-collections.script.pt")]
    [InlineData("two-formats.script.pt")]
    public void Each_pass_of_an_exact_measurement_begins_with_what_the_model_keeps_as_it_was_saved(string file)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File(file);
        File.Copy(Place(file), path);
        using var data = Data();
        using var model = BnModel.Open(path);

        var exact = model.Update(data, new() { Exact = true }).Statistics.ToArray();

        using var updated = BnModel.Open(path);
        var truth = updated.Only("bn").Measure(data).Statistics[0];
        var last = Find(exact, "bn", file);
        for (var channel = 0; channel < last.Channels; channel++)
        {
            Assert.Equal(truth.Mean[channel], last.Mean[channel], Tolerance * Math.Sqrt(truth.Variance[channel] + truth.Eps));
            Assert.Equal(truth.Variance[channel], last.Variance[channel], Tolerance * (truth.Variance[channel] + truth.Eps));
        }
    }

    [Theory]
    [InlineData("list.pt2")]
    [InlineData("list.script.pt")]
    [InlineData("rows-read.trace.pt")]
    [InlineData("double.frozen.pt")]
    [InlineData("halves.pt2")]
    [InlineData("halves.script.pt")]
    [InlineData("pieces.decomposed.pt2")]
    [InlineData("pieces.trace.pt")]
    public void Statistics_are_written_where_they_are_read_from(string file)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File(file);
        File.Copy(Place(file), path);
        using var data = Data();

        var stats = Runs.Update(path, data);

        Assert.All(Runs.Read(path).Layers, layer =>
        {
            Assert.All(stats[layer.Name].Mean.Zip(layer.Mean), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * (1 + Math.Abs(pair.First))));
            Assert.All(stats[layer.Name].Variance.Zip(layer.Variance), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * (1 + pair.First)));
        });
    }

    [Fact]
    public void Constants_in_two_formats_are_measured_apart()
    {
        var layers = Runs.Read(Place("two-formats.frozen.pt")).Layers;
        using var data = Data();

        Assert.Equal("FormatsApart", Assert.Throws<PreciseBnException>(() => Runs.Measure(layers, data)).ErrorId);
        Assert.All(layers, layer => Assert.Equal(24, Assert.Single(Runs.Measure([layer], data)).Count));
    }

    [Fact]
    public void A_row_is_not_measured_without_the_others_that_calls_are_given()
    {
        var row = Runs.Read(Place("row-at-run-time.script.pt")).Layers.Single(layer => layer.Name == "means[1]");
        using var data = Data();

        Assert.Equal("RowsApart", Assert.Throws<PreciseBnException>(() => Runs.Measure([row], data)).ErrorId);
    }

    [Fact]
    public void Statistics_that_the_code_exchanges_are_refused()
    {
        using var model = BnModel.Open(Place("exchanging.script.pt"));
        using var data = Data();

        var error = Assert.Throws<PreciseBnException>(() => model.Measure(data));

        Assert.Equal("StatisticsExchanged", error.ErrorId);
        Assert.Contains("the mean of one layer with the variance of another", error.Problem);
    }

    [Theory]
    [InlineData("overlapping.pt2", "overlap with those of a layer")]
    [InlineData("overlapping.script.pt", "overlap with those of a layer")]
    [InlineData("transposed.pt2", "its statistics")]
    public void A_call_that_is_no_layer_says_where_it_is_and_what_that_means(string file, string reason)
    {
        using var model = BnModel.Open(Place(file));

        var call = Assert.Single(model.UnaccountedCalls);

        Assert.Contains(reason, call);
        Assert.Contains(file.EndsWith(".pt", StringComparison.Ordinal) ? ".py, line " : "places.py", call);
        Assert.EndsWith("It runs as it was saved, and the layers behind it are recomputed for what it gives out so.", call);
        Assert.DoesNotContain("..", call);
    }

    [Theory]
    [InlineData("pieces.script.pt")]
    [InlineData("pieces.pt2")]
    public void A_piece_of_a_vector_is_not_measured_without_the_others(string file)
    {
        var piece = Runs.Read(Place(file)).Layers.Single(layer => layer.Name == "means[6:9]");
        using var data = Data();

        Assert.Equal("RowsApart", Assert.Throws<PreciseBnException>(() => Runs.Measure([piece], data)).ErrorId);
    }

    // Tensors that were no buffers have other names in exported programs.
    private static BnStat Find(BnStat[] measured, string name, string file) => measured.SingleOrDefault(stat => stat.Name == name)
        ?? measured.Single(stat => file == "list.pt2" ? stat.Name == name.Replace("means[0]", "lifted_tensor_0").Replace("means[1]", "lifted_tensor_2")
            : stat.Name == "batch_norm_0");

    private static BnDataLoader Data() => BnDataLoader.FromFiles([Place("batches.npz")], new() { AsBatches = true });

    private static string Place(string name) => Fixtures.Path($"places/{name}");

    private static double[] Numbers(JsonElement numbers) => numbers.EnumerateArray().Select(number => number.GetDouble()).ToArray();
}

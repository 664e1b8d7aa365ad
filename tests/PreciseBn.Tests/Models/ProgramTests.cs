using System.IO.Compression;
using System.Text.Json;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>One program of a package of several is read, measured and written, and the others are left alone.</summary>
public sealed class ProgramTests : IDisposable
{
    private const string Several = "programs/several-2.14.pt2";

    private readonly TemporaryFolder _folder = new();
    private readonly BnDataLoader _data = BnDataLoader.FromFiles([Fixtures.Path("programs/samples.npz")], new() { Keys = ["x"], BatchSize = 8, Order = DataOrder.Sequential });
    private readonly JsonDocument _expected = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("programs/expected.json")));

    [Theory]
    [InlineData("encoder", false)]
    [InlineData("decoder", false)]
    [InlineData("decoder", true)]
    public void The_statistics_of_one_are_those_of_PyTorch_and_nothing_else_changes(string program, bool exact)
    {
        var path = _folder.Copy(Several, "several.pt2");
        var before = Entries(path);

        using var model = BnModel.Open(path, program);
        var written = model.Update(_data, new() { Exact = exact }).Layers;

        var changed = Entries(path).Where(entry => !before[entry.Key].SequenceEqual(entry.Value)).Select(entry => entry.Key).ToArray();
        using var after = BnModel.Open(path, program);
        Assert.Equal(program, after.Program);
        Assert.Equal(written.Select(stat => stat.Name), after.Layers.Select(layer => layer.Name));
        Assert.Equal(3 * written.Count, changed.Length);
        var size = new FileInfo(path).Length;
        Assert.Equal(new FileInfo(Fixtures.Path(Several)).Length, size);
        foreach (var layer in after.Layers)
        {
            var truth = _expected.RootElement.GetProperty(program).GetProperty("exact_float64").GetProperty(layer.Name);
            Assert.Equal(program, layer.Program);
            Assert.Equal(12, layer.BatchesTracked);
            if (!exact || layer.Name == "bn1")
            {
                AssertClose(truth.GetProperty("mean"), layer.Mean);
                AssertClose(truth.GetProperty("var"), layer.Variance);
            }
        }
        Assert.All(written, stat => Assert.Equal(program, stat.Program));
        AssertUntouched(path, program == "encoder" ? "decoder" : "encoder");
    }

    [Theory]
    [InlineData(Several, null, "SeveralPrograms", "holds 2 exported programs: encoder, decoder.")]
    [InlineData(Several, "coder", "ProgramNotFound", "'coder'; it has encoder, decoder.")]
    [InlineData(Several, "Encoder", "ProgramNotFound", "'Encoder'; it has encoder, decoder.")]
    [InlineData("digits.exported-2.14.pt2", "encoder", "ProgramNotFound", "'encoder'; it has model.")]
    [InlineData("digits.exported-2.6.pt2", "model", "ProgramNotFound", "no names of programs")]
    [InlineData("digits.scripted.pt", "model", "ProgramNotFound", "no names of programs")]
    [InlineData("digits.safetensors", "model", "ProgramNotFound", "no names of programs")]
    public void A_program_that_is_not_there_is_refused_with_those_that_are(string model, string? program, string errorId, string problem)
    {
        var error = Assert.Throws<PreciseBnException>(() => BnModel.Open(Fixtures.Path(model), program));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(problem, error.Problem);
    }

    [Fact]
    public void The_only_program_of_a_file_may_be_named()
    {
        using var model = BnModel.Open(Fixtures.Path("digits.exported-2.14.pt2"), "model");

        Assert.Equal(6, model.Layers.Count);
        Assert.Null(model.Program);
        Assert.All(model.Layers, layer => Assert.Null(layer.Program));
    }

    [Theory]
    [InlineData(Several, "encoder", "decoder")]
    [InlineData("digits.exported-2.14.pt2", "model")]
    [InlineData("digits.exported-2.6.pt2")]
    [InlineData("digits.safetensors")]
    public void The_programs_of_a_file_are_listed(string model, params string[] names) =>
        Assert.Equal(names, BnPackage.ListPrograms(Fixtures.Path(model)));

    [Fact]
    public void Layers_of_two_programs_are_of_two_models()
    {
        using var encoder = BnModel.Open(Fixtures.Path(Several), "encoder");
        using var decoder = BnModel.Open(Fixtures.Path(Several), "decoder");

        var models = BnModel.Of([.. encoder.Layers, .. decoder.Layers]);

        Assert.Equal(["encoder", "decoder"], models.Select(model => model.Program));
        Assert.Equal([["bn1", "bn2"], ["bn1", "last"]], models.Select(model => model.Layers.Select(layer => layer.Name).ToArray()));
        Assert.False(encoder.IsSame(decoder));
        Assert.True(encoder.IsSame(models[0]));
        Assert.Equal("ModelsMixed", Assert.Throws<PreciseBnException>(() => new BnResult(
            [encoder.Measure(_data).Layers[0], decoder.Measure(_data).Layers[1]])).ErrorId);
        foreach (var model in models)
            model.Dispose();
    }

    [Fact]
    public void Two_programs_are_evaluated_beside_each_other()
    {
        var samples = BnDataLoader.FromFiles([Fixtures.Path("programs/samples.npz")], new() { Keys = ["x"], LabelKey = "labels", BatchSize = 8, Order = DataOrder.Sequential });
        using var encoder = BnModel.Open(Fixtures.Path(Several), "encoder");
        using var decoder = BnModel.Open(Fixtures.Path(Several), "decoder");

        var results = BnEvaluator.Measure([encoder, decoder], samples);

        Assert.Equal(["several-2.14.pt2 (encoder)", "several-2.14.pt2 (decoder)"], results.Select(result => result.Name));
        Assert.Equal(["encoder", "decoder"], results.Select(result => result.Program));
        Assert.Equal(results.Select(result => _expected.RootElement.GetProperty(result.Program!).GetProperty("right").GetInt32() / 40.0), results.Select(result => result.Top1!.Value));
        samples.Dispose();
    }

    [Fact]
    public void Exported_statistics_say_of_which_program_they_are()
    {
        using var model = BnModel.Open(Fixtures.Path(Several), "decoder");
        var measured = model.Measure(_data).Layers;
        BnStatFile.Write(_folder.File("measured.safetensors"), measured, force: false);
        BnStatFile.Write(_folder.File("layers.safetensors"), model.Layers, force: false);

        Assert.All(BnStatFile.Read(_folder.File("measured.safetensors")), stat => Assert.Equal("decoder", stat.Program));
        Assert.All(BnStatFile.Read(_folder.File("layers.safetensors")), stat => Assert.Equal("decoder", stat.Program));
    }

    [Fact]
    public void Sums_of_one_program_stay_valid_when_another_is_updated()
    {
        var path = _folder.Copy(Several, "several.pt2");
        var encoder = Measure(path, "encoder");
        var decoder = Measure(path, "decoder");
        Write(path, encoder);

        Write(path, decoder);

        foreach (var program in new[] { "encoder", "decoder" })
        {
            using var model = BnModel.Open(path, program);
            AssertClose(_expected.RootElement.GetProperty(program).GetProperty("exact_float64").GetProperty("bn1").GetProperty("mean"), model.Layers[0].Mean);
        }
    }

    [Fact]
    public void Sums_of_two_programs_are_not_merged()
    {
        var path = Fixtures.Path(Several);

        var error = Assert.Throws<PreciseBnException>(() => Shards.Merge([.. Measure(path, "encoder"), .. Measure(path, "decoder")]));

        Assert.Equal("ModelsDiffer", error.ErrorId);
        Assert.Contains("program 'encoder'", error.Message);
        Assert.Contains("program 'decoder'", error.Message);
    }

    [Fact]
    public void A_checkpoint_of_another_program_stays_as_it_is()
    {
        var checkpoint = _folder.File("part.safetensors");
        Measure(Fixtures.Path(Several), "encoder", checkpoint);
        Assert.All(BnPartialFile.Read(checkpoint), partial => Assert.Equal("encoder", partial.Program));
        var before = File.ReadAllBytes(checkpoint);

        var error = Assert.Throws<PreciseBnException>(() => Measure(Fixtures.Path(Several), "decoder", checkpoint));

        Assert.Equal("CheckpointOfOtherRun", error.ErrorId);
        Assert.Contains("program was 'encoder' there, and is 'decoder' now", error.Message);
        Assert.Equal(before, File.ReadAllBytes(checkpoint));
    }

    [Fact]
    public void Packages_of_several_programs_have_no_average()
    {
        var path = _folder.Copy(Several, "other.pt2");

        var error = Assert.Throws<PreciseBnException>(() => BnAverager.Average([path, Fixtures.Path(Several)], _folder.File("average.pt2")));

        Assert.Equal("ProgramsNotAveraged", error.ErrorId);
        Assert.Contains("encoder, decoder", error.Problem);
    }

    public void Dispose()
    {
        _data.Dispose();
        _expected.Dispose();
        _folder.Dispose();
    }

    private static IReadOnlyList<PartialBnStat> Measure(string path, string program, string? checkpoint = null)
    {
        using var data = BnDataLoader.FromFiles([Fixtures.Path("programs/samples.npz")], new() { Keys = ["x"], BatchSize = 8, Order = DataOrder.Sequential });
        using var model = BnModel.Open(path, program);
        return model.MeasureShard(data, new() { Checkpoint = checkpoint });
    }

    private static void Write(string path, IReadOnlyList<PartialBnStat> partials)
    {
        var merged = Shards.Merge(partials).Estimate();
        using var model = BnModel.Open(path, merged.Layers[0].Program);
        model.Save(merged);
    }

    private static Dictionary<string, byte[]> Entries(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        return zip.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var stream = entry.Open();
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return bytes.ToArray();
        });
    }

    private static void AssertUntouched(string path, string program)
    {
        using var before = BnModel.Open(Fixtures.Path(Several), program);
        using var after = BnModel.Open(path, program);
        Assert.Equal(before.Layers.Select(layer => layer.Mean), after.Layers.Select(layer => layer.Mean));
        Assert.Equal(before.Layers.Select(layer => layer.Variance), after.Layers.Select(layer => layer.Variance));
        Assert.Equal(before.Layers.Select(layer => layer.BatchesTracked), after.Layers.Select(layer => layer.BatchesTracked));
    }

    private static void AssertClose(JsonElement expected, double[] actual) =>
        Assert.All(expected.EnumerateArray().Zip(actual), pair => Assert.Equal(pair.First.GetDouble(), pair.Second, 1e-5));
}

using System.Text.Json;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Layers are found in every file that people keep weights in, with the numbers that PyTorch put there.</summary>
public sealed class StateDictTests
{
    public static TheoryData<string, string> Files
    {
        get
        {
            var files = new TheoryData<string, string>();
            foreach (var version in new[] { "1.13", "2.6" })
            {
                foreach (var kind in new[] { "state_dict", "nested", "views", "module", "half", "scripted", "traced" })
                    files.Add(kind, version);
            }
            return files;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_layer_is_found_with_the_numbers_of_PyTorch(string kind, string version)
    {
        var ending = kind is "scripted" or "traced" ? "pt" : "pth";
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path($"small/small.expected-{version}.json")));
        var expected = json.RootElement.GetProperty(kind).EnumerateObject().ToDictionary(item => item.Name, item => item.Value);

        var layers = Runs.Read(Fixtures.Path($"small/small.{kind}-{version}.{ending}")).Layers;

        Assert.Equal(expected.Keys.Order(), layers.Select(layer => layer.Name).Order());
        foreach (var layer in layers)
        {
            Assert.Equal(Numbers(expected[layer.Name].GetProperty("mean")), layer.Mean);
            Assert.Equal(Numbers(expected[layer.Name].GetProperty("var")), layer.Variance);
            Assert.Equal(expected[layer.Name].GetProperty("tracked").GetInt64(), layer.BatchesTracked);
            Assert.Equal(kind == "half" ? DType.Float16 : DType.Float32, layer.DType);
        }
    }

    [Theory]
    [InlineData("small/small.attributes-2.6.pth", "model.bn")]
    [InlineData("exported/attributes-2.6.pt2", "bn")]
    public void Tensors_with_attributes_of_their_own_are_read_and_written(string fixture, string name)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Copy(fixture, "model");

        var layer = Runs.Read(path).Layers.Single();
        Runs.Apply(path, [layer with { Mean = [1, 2, 3] }]);
        var changed = Runs.Read(path).Layers.Single();

        Assert.Equal(name, layer.Name);
        Assert.Equal([0.5, -1, 2], layer.Mean);
        Assert.Equal([1, 4, 0.25], layer.Variance);
        Assert.Equal(7, layer.BatchesTracked);
        Assert.True(layer.Affine);
        Assert.Equal([1, 2, 3], changed.Mean);
        Assert.Equal(layer.Variance, changed.Variance);
    }

    [Theory]
    [InlineData("digits.state_dict.pth", "")]
    [InlineData("digits.checkpoint.pth", "model.module.")]
    [InlineData("digits.safetensors", "")]
    public void A_checkpoint_has_the_layers_of_the_model(string file, string prefix)
    {
        var model = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers;

        var layers = Runs.Read(Fixtures.Path(file)).Layers.ToDictionary(layer => layer.Name);

        Assert.Equal(model.Select(layer => prefix + layer.Name).Order(), layers.Keys.Order());
        foreach (var layer in model)
        {
            Assert.Equal(layer.Mean, layers[prefix + layer.Name].Mean);
            Assert.Equal(layer.Variance, layers[prefix + layer.Name].Variance);
            Assert.Equal("Unknown", layers[prefix + layer.Name].Type);
            Assert.True(layers[prefix + layer.Name].Affine);
        }
    }

    [Fact]
    public void Safetensors_in_several_files_are_read_through_their_index()
    {
        var whole = Runs.Read(Fixtures.Path("small/small.module-2.6.pth")).Layers.ToDictionary(layer => layer.Name);

        var layers = Runs.Read(Fixtures.Path("small/small.safetensors.index.json")).Layers;

        Assert.Equal(whole.Keys.Order(), layers.Select(layer => layer.Name).Order());
        Assert.All(layers, layer => Assert.Equal(whole[layer.Name].Mean, layer.Mean));
        Assert.All(layers, layer => Assert.Equal(whole[layer.Name].Variance, layer.Variance));
    }

    [Fact]
    public void The_format_before_PyTorch_1_6_is_refused_with_advice()
    {
        var error = Assert.Throws<PreciseBnException>(() => Runs.Read(Fixtures.Path("small/small.legacy-2.6.pth")));

        Assert.Equal("OldFormat", error.ErrorId);
        Assert.Contains("torch.save", error.Advice);
    }

    [Fact]
    public void A_file_of_tensors_without_layers_says_so()
    {
        var summary = Runs.Read(Fixtures.Path("small/small-00002-of-00002.safetensors"));

        Assert.Empty(summary.Layers);
        Assert.Contains("safetensors", summary.Contents);
    }

    [Fact]
    public void A_checkpoint_cannot_be_run_on_data_and_the_error_says_what_to_do()
    {
        using var folder = new TemporaryFolder();
        using var data = Runs.Digits();

        var error = Assert.Throws<PreciseBnException>(() => Runs.Update(folder.Copy("digits.state_dict.pth"), data));

        Assert.Equal("NoCodeToRun", error.ErrorId);
        Assert.Contains("put them into this file", error.Advice);
    }

    private static double[] Numbers(JsonElement element) => element.EnumerateArray().Select(number => number.GetDouble()).ToArray();
}

using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Which layers count as BatchNorm, and which of them are touched.</summary>
public sealed class KindsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_kind_of_BatchNorm_is_listed_with_what_the_file_says_of_it()
    {
        var layers = Runs.Read(Fixtures.Path("kinds.scripted.pt")).Layers.ToDictionary(layer => layer.Name);

        Assert.Equal(
            ["bn2d", "bn2d_cumulative", "bn2d_slow", "bn2d_noaffine", "bn2d_frozen", "bn2d_unused", "bn3d", "bn1d_sequence", "bn1d", "offset"],
            layers.Keys);
        Assert.Equal(("BatchNorm2d", 8, 0.1, 1e-5), (layers["bn2d"].Type, layers["bn2d"].Channels, layers["bn2d"].Momentum, layers["bn2d"].Eps));
        Assert.Null(layers["bn2d_cumulative"].Momentum);
        Assert.Equal((0.01, 1e-3), (layers["bn2d_slow"].Momentum, layers["bn2d_slow"].Eps));
        Assert.False(layers["bn2d_noaffine"].Affine);
        Assert.True(layers["bn2d"].Affine);
        Assert.False(layers["bn2d_frozen"].Training);
        Assert.True(layers["bn2d"].Training);
        Assert.Equal("BatchNorm3d", layers["bn3d"].Type);
        Assert.Equal("BatchNorm1d", layers["bn1d"].Type);
        Assert.All(layers.Values, layer => Assert.Equal(DType.Float32, layer.DType));
    }

    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.traced.pt")]
    public void A_trace_tells_as_much_as_a_script(string model)
    {
        var layers = Runs.Read(Fixtures.Path(model)).Layers;

        Assert.Equal(["stem.bn", "body.0.bn", "body.1.bn", "body.2.bn", "body.3.bn", "bn"], layers.Select(layer => layer.Name));
        Assert.Equal([16, 32, 32, 64, 64, 64], layers.Select(layer => layer.Channels));
        Assert.All(layers, layer => Assert.Equal((0.1, 1e-5, true, false), (layer.Momentum, layer.Eps, layer.Affine, layer.Training)));
        Assert.All(layers, layer => Assert.Equal(2500, layer.BatchesTracked));
    }

    [Fact]
    public void Statistics_are_read_as_libtorch_reads_them()
    {
        using var model = jit.load(Fixtures.Path("digits.scripted.pt"));
        var buffers = model.named_buffers().ToDictionary(item => item.name, item => item.buffer);

        foreach (var layer in Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers)
        {
            Assert.Equal(buffers[layer.Name + ".running_mean"].data<float>().Select(value => (double)value), layer.Mean);
            Assert.Equal(buffers[layer.Name + ".running_var"].data<float>().Select(value => (double)value), layer.Variance);
        }
    }

    [Fact]
    public void A_layer_that_never_runs_keeps_its_statistics_and_reports_no_batches()
    {
        using var data = Runs.DataFor("kinds");
        var path = _folder.Copy("kinds.scripted.pt");
        var before = Runs.Read(path).Layers.Single(layer => layer.Name == "bn2d_unused");

        var stat = Runs.Update(path, data)["bn2d_unused"];
        var after = Runs.Read(path).Layers.Single(layer => layer.Name == "bn2d_unused");

        Assert.Equal((0, 0), (stat.Batches, stat.Count));
        Assert.Equal(before.Mean, stat.Mean);
        Assert.Equal(before.Mean, after.Mean);
        Assert.Equal(before.Variance, after.Variance);
        Assert.Equal(before.BatchesTracked, after.BatchesTracked);
    }

    [Fact]
    public void A_frozen_layer_is_recomputed_only_if_it_is_selected()
    {
        using var data = Runs.DataFor("kinds");
        var path = _folder.Copy("kinds.scripted.pt");
        var before = Runs.Read(path).Layers.Single(layer => layer.Name == "bn2d_frozen");

        var unselected = Runs.Update(path, data, where: layer => layer.Training);
        var untouched = Runs.Read(path).Layers.Single(layer => layer.Name == "bn2d_frozen");
        var selected = Runs.Update(path, data, where: layer => layer.Name == "bn2d_frozen");
        var touched = Runs.Read(path).Layers.Single(layer => layer.Name == "bn2d_frozen");

        Assert.DoesNotContain("bn2d_frozen", unselected.Keys);
        Assert.Equal(before.Mean, untouched.Mean);
        Assert.Equal(6, selected["bn2d_frozen"].Batches);
        Assert.NotEqual(before.Mean, touched.Mean);
        Assert.False(touched.Training);
    }

    [Fact]
    public void InstanceNorm_and_all_other_tensors_stay_as_they_are()
    {
        using var data = Runs.DataFor("kinds");
        var path = _folder.Copy("kinds.scripted.pt");
        Runs.Update(path, data);

        using var before = jit.load(Fixtures.Path("kinds.scripted.pt"));
        using var after = jit.load(path);
        var old = before.named_buffers().Concat(before.named_parameters().Select(item => (item.name, (Tensor)item.parameter)))
            .ToDictionary(item => item.Item1, item => item.Item2);
        foreach (var (name, tensor) in after.named_buffers().Concat(after.named_parameters().Select(item => (item.name, (Tensor)item.parameter))))
        {
            if (!name.StartsWith("bn", StringComparison.Ordinal) && !name.StartsWith("offset", StringComparison.Ordinal))
                Assert.True(allclose(old[name], tensor, rtol: 0, atol: 0), $"{name} has changed");
        }
        Assert.Contains("instance.running_mean", old.Keys);
    }

    [Fact]
    public void Batches_tracked_grow_by_the_batches_that_reached_the_layer()
    {
        using var data = Runs.DataFor("sometimes");
        var path = _folder.Copy("sometimes.scripted.pt");
        var before = Runs.Read(path).Layers.ToDictionary(layer => layer.Name);

        var stats = Runs.Update(path, data);
        var after = Runs.Read(path).Layers.ToDictionary(layer => layer.Name);

        Assert.Equal((6, 4), (stats["bn"].Batches, stats["positive"].Batches));
        Assert.Equal(before["bn"].BatchesTracked + 6, after["bn"].BatchesTracked);
        Assert.Equal(before["positive"].BatchesTracked + 4, after["positive"].BatchesTracked);
    }

    [Fact]
    public void A_reused_layer_is_an_error_that_names_it_and_changes_nothing()
    {
        var path = _folder.Copy("reused.scripted.pt");
        var before = File.ReadAllBytes(path);

        var error = Assert.Throws<PreciseBnException>(() =>
            Runs.Update(path, new EnumerableBatchSource([randn(4, 3, 8, 8)], [])));

        Assert.Equal("LayerReused", error.ErrorId);
        Assert.Contains("'bn'", error.Message);
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void Layers_beside_a_reused_one_can_be_recomputed()
    {
        var path = _folder.Copy("reused.scripted.pt");

        var stats = Runs.Update(path, new EnumerableBatchSource([randn(4, 3, 8, 8)], []), where: layer => layer.Name == "other");

        Assert.Equal(1, stats["other"].Batches);
    }

    [Fact]
    public void A_model_that_returns_a_dictionary_can_be_recomputed()
    {
        var path = _folder.Copy("dict-out.scripted.pt");

        var stats = Runs.Update(path, new EnumerableBatchSource([randn(4, 3, 8, 8)], []));

        Assert.All(stats.Values, stat => Assert.Equal(1, stat.Batches));
    }

    public void Dispose() => _folder.Dispose();
}

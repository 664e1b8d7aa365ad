using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Shards that were measured apart merge to what one run over the same batches gives.</summary>
public sealed class MergeTests : IDisposable
{
    private static readonly Estimator[] Both = [Estimator.PopulationVariance, Estimator.MeanOfBatchVariance];

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public MergeTests() => _model = _folder.Copy("digits.scripted.pt", "model.pt");

    [Fact]
    public void Four_shards_merge_to_a_single_run_over_the_same_batches_in_another_order()
    {
        using var scope = NewDisposeScope();
        using var data = Runs.Digits();
        var options = new MeasureOptions { Estimators = Both };
        var single = Runs.Measure(
            Runs.Read(_model).Layers, new EnumerableBatchSource(Shards.BatchesOf(data, 4), []), options);

        var parts = Shards.MeasureAll(_model, data, 4, new() { Estimators = Both });

        Shards.AssertSame(single, Shards.Merge(parts.SelectMany(part => part)).Estimate().Statistics);
        Shards.AssertSame(single, Shards.Merge(parts.Reverse().SelectMany(part => part)).Estimate().Statistics);
        Shards.AssertSame(single, Shards.Merge(Shards.Merge(parts[3].Concat(parts[1])).ToPartials().Concat(parts[0]).Concat(parts[2])).Estimate().Statistics);
    }

    [Fact]
    public void One_shard_of_one_is_an_ordinary_run()
    {
        using var data = Runs.Digits(take: 320);
        var single = Runs.Measure(Runs.Read(_model).Layers, data, new());

        var merged = Shards.Merge(Shards.Measure(_model, data, "1/1")).Estimate().Statistics;

        Assert.EndsWith("(1600 items in batches of 32, 320 at most)", merged[0].Data);
        Assert.Equivalent(single.Select(stat => stat with { ContentSha256 = merged[0].ContentSha256, Data = merged[0].Data, SerialCorrelation = double.NaN }), merged, strict: true);
    }

    // Which means count as far, and from where they are counted, must not depend on the shard.
    [Theory]
    [InlineData("bn1d.scripted.pt", 512, 1000)]
    [InlineData("bn1d.scripted.pt", 16, 30)]
    [InlineData("bn2d.scripted.pt", 16, 1000)]
    public void Means_far_from_0_merge_as_exactly(string model, int size, double mean)
    {
        using var generator = new Generator(5);
        long[] shape = model.Contains("1d", StringComparison.Ordinal) ? [size, 4] : [size, 4, 5, 5];
        var data = new EnumerableBatchSource(Enumerable.Range(0, 12).Select(_ => randn(shape, generator: generator) + mean).ToArray(), []);
        var single = Runs.Measure(Runs.Read(Fixtures.Path(model)).Layers, data, new());

        Shards.AssertSame(single, Shards.Merge(Shards.MeasureAll(Fixtures.Path(model), data, 4).SelectMany(part => part)).Estimate().Statistics);
    }

    [Fact]
    public void A_model_in_memory_is_measured_likewise()
    {
        using var model = nn.BatchNorm1d(4);
        using var generator = new Generator(6);
        var data = new EnumerableBatchSource(Enumerable.Range(0, 6).Select(_ => randn([64, 4], generator: generator) + 100).ToArray(), []);
        var layers = Runs.Layers(model);
        var single = Runs.Measure(layers, data, new());

        var parts = Enumerable.Range(1, 3).SelectMany(index => Runs.MeasureShard(layers, data, new() { Shard = DataShard.Parse($"{index}/3") }));

        Shards.AssertSame(single, Shards.Merge(parts).Estimate().Statistics);
    }

    [Fact]
    public void A_prior_is_mixed_in_as_by_a_single_run()
    {
        using var data = Runs.DataFor("kinds");
        var path = Fixtures.Path("kinds.scripted.pt");
        var single = Runs.Measure(Runs.Read(path).Layers, data, new() { PriorWeight = 500 });

        Shards.AssertSame(single, Shards.Merge(Shards.MeasureAll(path, data, 2).SelectMany(part => part)).Estimate(priorWeight: 500).Statistics);
    }

    [Fact]
    public void Layers_that_only_some_shards_reach_are_merged_and_those_that_none_does_keep_their_statistics()
    {
        using var data = Runs.DataFor("sometimes");
        var path = Fixtures.Path("sometimes.scripted.pt");
        var single = Runs.Measure(Runs.Read(path).Layers, data, new());

        var merged = Shards.Merge(Shards.MeasureAll(path, data, (int)data.BatchCount).SelectMany(part => part)).Estimate().Statistics;

        Assert.Contains(single, stat => stat.Batches < data.BatchCount);
        Assert.Equal(single.Select(stat => (stat.Name, stat.Batches, stat.Count)), merged.Select(stat => (stat.Name, stat.Batches, stat.Count)));
        foreach (var (one, other) in single.Zip(merged))
            Assert.Equal(one.Mean[0], other.Mean[0], 1e-12);
    }

    [Fact]
    public void Data_of_several_machines_are_merged_though_each_is_the_first_of_one()
    {
        using var here = Runs.Digits(take: 64);
        using var there = BnDataLoader.FromFiles([Fixtures.Path("digits.test.npz")], here.Options);

        var merged = Shards.Merge(Shards.Measure(_model, here, "1/1").Concat(Shards.Measure(_model, there, "1/1"))).Estimate().Statistics;

        Assert.All(merged, stat => Assert.Equal(4, stat.Batches));
    }

    [Fact]
    public void Measuring_changes_nothing()
    {
        using var data = Runs.Digits(take: 64);
        Shards.MeasureAll(_model, data, 2);

        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.scripted.pt")), File.ReadAllBytes(_model));
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.exported-2.6.pt2")]
    [InlineData("digits.exported-2.14.pt2")]
    public void Merged_statistics_are_written_into_the_model_that_they_were_measured_on(string fixture)
    {
        using var data = Runs.Digits(take: 128);
        var model = _folder.Copy(fixture);
        var parts = Shards.MeasureAll(model, data, 2).SelectMany(part => part).ToArray();
        var merged = Shards.Merge(parts).Estimate().Statistics;

        var written = Runs.Save(merged, new());

        Assert.Equal(merged.Select(stat => (float)stat.Mean[0]), Runs.Read(model).Layers.Select(layer => (float)layer.Mean[0]));
        Assert.Equal(merged.Select(stat => stat.BatchesTracked), Runs.Read(model).Layers.Select(layer => layer.BatchesTracked));
        Assert.All(written, stat => Assert.Equal(model, stat.Path));
        Runs.Save(merged, new());
    }

    [Fact]
    public void Shards_for_a_program_of_a_fixed_batch_tell_what_is_left_over()
    {
        using var data = BnDataLoader.FromFiles([Fixtures.Path("digits.calibration.npz")], new() { Order = DataOrder.Sequential, Keys = ["images"], Take = 100 });
        var parts = Shards.MeasureAll(_folder.Copy("digits.exported-static32-2.6.pt2"), data, 2);

        Assert.All(parts.SelectMany(part => part), layer => Assert.Equal((1, 18), (layer.Batches, layer.ItemsLeftOut)));
        Assert.All(Shards.Merge(parts.SelectMany(part => part)).Estimate().Statistics, stat => Assert.Equal((2, 36), (stat.Batches, stat.ItemsLeftOut)));
    }

    public void Dispose() => _folder.Dispose();
}

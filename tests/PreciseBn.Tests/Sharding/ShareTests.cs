using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>How many batches are used does not depend on how many shards there are, and a shard may have none.</summary>
public sealed class ShareTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ShareTests() => _model = _folder.Copy("digits.scripted.pt", "model.pt");

    [Theory]
    [InlineData(1, 7)]
    [InlineData(3, 200)]
    [InlineData(64, 200)]
    [InlineData(1000, 200)]
    public void Every_batch_is_in_exactly_one_share(int count, int batches)
    {
        var shards = Enumerable.Range(1, count).Select(index => DataShard.Parse($"{index}/{count}")).ToArray();

        Assert.Equal(batches, shards.Sum(shard => shard.Share(batches)));
        Assert.Equal(shards.Select(shard => shard.Share(batches)), shards.Select(shard => Enumerable.Range(0, batches).LongCount(batch => shard.Has(batch))));
        Assert.InRange(shards.Max(shard => shard.Share(batches)) - shards.Min(shard => shard.Share(batches)), 0, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(16)]
    public void As_many_batches_are_used_by_any_number_of_shards_as_were_asked_for(int count)
    {
        using var data = Runs.Digits(batchSize: 8);

        var merged = Shards.Merge(Shards.MeasureAll(_model, data, count, new() { Iterations = 14 }).SelectMany(part => part)).Estimate();

        Assert.Equal((14, StopReason.Iterations), (merged.Batches, merged.StoppedBy));
        Assert.All(merged.Statistics, stat => Assert.Equal(14, stat.Batches));
    }

    [Fact]
    public void Unless_it_is_said_otherwise_two_hundred_are_used_by_all_shards_together()
    {
        using var data = Runs.Digits(batchSize: 4);
        Assert.Equal(400, data.BatchCount);

        Assert.Equal(200, Shards.Merge(Shards.MeasureAll(_model, data, 3).SelectMany(part => part)).Estimate().Batches);
    }

    [Fact]
    public void Shares_merge_to_the_single_run_of_the_first_batches()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        var data = new EnumerableBatchSource(Enumerable.Range(0, 9).Select(_ => randn([8, 1, 28, 28], generator: generator)).ToArray(), []);
        var single = Runs.Measure(Runs.Read(_model).Layers, data, Runs.With(7));

        foreach (var count in (int[])[2, 3, 7, 12])
            Shards.AssertSame(single, Shards.Merge(Shards.MeasureAll(_model, data, count, new() { Iterations = 7 }).SelectMany(part => part)).Estimate().Statistics);
    }

    [Fact]
    public void A_shard_without_items_is_an_empty_part()
    {
        using var data = Runs.Digits(batchSize: 2, take: 6);

        Assert.All(Shards.Measure(_model, data, "8/8"), layer => Assert.Equal((0, 0, 0, StopReason.DataEnd), (layer.Batches, layer.Count, layer.TotalBatches, layer.StoppedBy)));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Empty_parts_change_nothing_wherever_they_come(int count)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var data = new EnumerableBatchSource(new[] { ones(4, 1, 28, 28), rand([4, 1, 28, 28], generator: generator), rand([4, 1, 28, 28], generator: generator) }, []);
        var single = Runs.Measure(Runs.Read(_model).Layers, data);
        var parts = Shards.MeasureAll(_model, data, count);
        for (var i = 0; i < count; i++)
            BnPartialFile.Write(_folder.File($"{i}"), parts[i], force: false);
        var merger = new BnMerger();

        merger.AddFiles(Enumerable.Range(0, count).Reverse().Select(i => _folder.File($"{i}")).ToArray());

        Shards.AssertSame(single, merger.Estimate().Statistics);
    }

    [Fact]
    public void Parts_that_are_all_empty_are_refused()
    {
        var data = new EnumerableBatchSource(Array.Empty<Tensor>(), []);

        var parts = Shards.MeasureAll(_model, data, 2);

        Assert.Equal("NoData", Assert.Throws<PreciseBnException>(() => Shards.Merge(parts.SelectMany(part => part)).Estimate()).ErrorId);
        Assert.Equal("NoData", Assert.Throws<PreciseBnException>(() => Shards.Measure(_model, data, "1/1")).ErrorId);
    }

    [Fact]
    public void A_shard_in_which_every_batch_is_skipped_leaves_it_to_the_others_to_have_some()
    {
        using var scope = NewDisposeScope();
        var (good, bad) = (rand(4, 1, 28, 28), full([4, 1, 28, 28], float.NaN));
        var options = new ShardOptions { SkipNonFinite = true };

        var merged = Shards.Merge(Shards.MeasureAll(_model, new EnumerableBatchSource(new[] { good, bad, good }, []), 3, options).SelectMany(part => part)).Estimate();
        var none = Shards.MeasureAll(_model, new EnumerableBatchSource(new[] { bad, bad }, []), 2, options).SelectMany(part => part);

        Assert.Equal((2, 1), (merged.Batches, merged.SkippedBatches));
        Assert.Equal("AllBatchesSkipped", Assert.Throws<PreciseBnException>(() => Shards.Merge(none).Estimate()).ErrorId);
    }

    [Theory]
    [InlineData("2/3", 4)]
    [InlineData("3/3", 3)]
    public void A_shard_that_ends_before_its_share_is_refused(string shard, int share)
    {
        using var scope = NewDisposeScope();
        var data = new EnumerableBatchSource(Enumerable.Range(0, 8).Where(_ => true).Select(_ => (object)ones(4, 1, 28, 28)), []);

        var error = Assert.Throws<PreciseBnException>(() => Shards.Measure(_model, data, shard, new() { Iterations = 11 }));

        Assert.Equal("NotEnoughData", error.ErrorId);
        Assert.Contains($"{share} batches of shard {shard} were asked for", error.Message);
    }

    public void Dispose() => _folder.Dispose();
}

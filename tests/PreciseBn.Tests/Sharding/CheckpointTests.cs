using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>A measurement that was broken off goes on where it was, and ends as if nothing had happened.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly BnDataLoader _data = Runs.Digits(batchSize: 16, take: 320);

    public CheckpointTests() => _model = _folder.Copy("digits.scripted.pt", "model.pt");

    private string Checkpoint => _folder.File("checkpoint.safetensors");

    private ShardOptions Options => new() { Checkpoint = Checkpoint, Every = 3 };

    private ShardOptions NamedOptions => Options with { DataName = "numbers" };

    [Theory]
    [InlineData("1/1", 1)]
    [InlineData("1/1", 3)]
    [InlineData("1/1", 10)]
    [InlineData("2/2", 8)]
    public void A_run_that_was_broken_off_ends_as_if_it_had_not_been(string shard, int after)
    {
        var undisturbed = Shards.Measure(_model, _data, shard, Options with { Checkpoint = _folder.File("other.safetensors") });
        BreakOff(shard, after);

        var (resumed, batches) = Count(shard, Options);

        Assert.Equal(undisturbed[0].TotalBatches - (after / 3 * 3), batches);
        Assert.Equal(undisturbed.Select(partial => (partial.Batches, partial.Count, partial.TotalBatches)), resumed.Select(partial => (partial.Batches, partial.Count, partial.TotalBatches)));
        Assert.Equal(undisturbed.SelectMany(partial => partial.Moments), resumed.SelectMany(partial => partial.Moments));
    }

    [Fact]
    public void A_run_that_is_broken_off_again_and_again_comes_to_its_end()
    {
        var undisturbed = Shards.Measure(_model, _data, "1/1");
        for (var i = 0; i < 4; i++)
            BreakOff("1/1", after: 4);

        var resumed = Shards.Measure(_model, _data, "1/1", Options);

        Shards.AssertSame(Shards.Merge(undisturbed).Estimate().Statistics, Shards.Merge(resumed).Estimate().Statistics);
    }

    [Fact]
    public void Means_far_from_0_are_counted_from_the_same_place_after_a_break()
    {
        using var generator = new Generator(9);
        var model = Fixtures.Path("bn1d.scripted.pt");
        var data = new EnumerableBatchSource(Enumerable.Range(0, 10).Select(_ => randn([32, 4], generator: generator) + 1000).ToArray(), []);
        var layers = Runs.Read(model).Layers;
        var undisturbed = Runs.MeasureShard(layers, data, new());
        BreakOff(layers, data, NamedOptions, after: 7);

        var resumed = Runs.MeasureShard(layers, data, NamedOptions);

        Shards.AssertSame(Shards.Merge(undisturbed).Estimate().Statistics, Shards.Merge(resumed).Estimate().Statistics);
    }

    [Fact]
    public void A_run_that_is_cancelled_saves_all_that_it_has_measured()
    {
        using var cancellation = new CancellationTokenSource();
        var options = Options with { Every = 100 };
        var progress = new Recorder(done =>
        {
            if (done.Batches == 7)
                cancellation.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Runs.MeasureShard(Runs.Read(_model).Layers, _data, options, progress, cancellation.Token));

        var (resumed, batches) = Count("1/1", options);

        Assert.Equal(20 - 7, batches);
        Shards.AssertSame(Shards.Merge(Shards.Measure(_model, _data, "1/1")).Estimate().Statistics, Shards.Merge(resumed).Estimate().Statistics);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Batches_that_were_skipped_are_counted_once(int brokenOffAfter)
    {
        var data = new EnumerableBatchSource(Enumerable.Range(0, 7).Select(i => full([4, 1, 28, 28], i is 1 or 4 ? float.NaN : i)).ToArray(), []);
        var (layers, options) = (Runs.Read(_model).Layers, NamedOptions with { SkipNonFinite = true });
        if (brokenOffAfter > 0)
            BreakOff(layers, data, options, brokenOffAfter);

        var partials = Runs.MeasureShard(layers, data, options);

        Assert.All(partials, partial => Assert.Equal((5, 2, 7), (partial.Batches, partial.SkippedBatches, partial.TotalBatches)));
    }

    [Fact]
    public void A_run_that_had_come_to_its_end_is_not_repeated()
    {
        var first = Shards.Measure(_model, _data, "1/1", Options);

        var (second, batches) = Count("1/1", Options);

        Assert.Equal(0, batches);
        Assert.Equivalent(first, second, strict: true);
    }

    [Fact]
    public void A_tolerance_is_judged_at_the_same_batches_after_a_break()
    {
        var options = Options with { Tolerance = 0.25 };
        var undisturbed = Shards.Measure(_model, _data, "1/1", options with { Checkpoint = null });
        BreakOff("1/1", after: 14, options);

        var resumed = Shards.Measure(_model, _data, "1/1", options);

        Assert.Equal((StopReason.Tolerance, undisturbed[0].TotalBatches), (resumed[0].StoppedBy, resumed[0].TotalBatches));
        Assert.InRange(resumed[0].TotalBatches, 15, 19);
    }

    [Fact]
    public void Other_arguments_are_named_and_the_attempt_stays_as_it_is()
    {
        BreakOff("1/2", after: 4);
        var attempt = Assert.Single(Directory.GetFiles(_folder.Path, "checkpoint*"));
        var before = File.ReadAllBytes(attempt);

        AssertRefused("shard", () => Shards.Measure(_model, _data, "2/2", Options));
        AssertRefused("iterations", () => Shards.Measure(_model, _data, "1/2", Options with { Iterations = 5 }));
        AssertRefused("tolerance", () => Shards.Measure(_model, _data, "1/2", Options with { Tolerance = 0.5 }));
        AssertRefused("allow reuse", () => Shards.Measure(_model, _data, "1/2", Options with { AllowReuse = true }));
        AssertRefused("skip non-finite", () => Shards.Measure(_model, _data, "1/2", Options with { SkipNonFinite = true }));
        AssertRefused("memory format", () => Shards.Measure(_model, _data, "1/2", Options with { MemoryFormat = MemoryFormat.ChannelsLast }));
        AssertRefused("estimators", () => Shards.Measure(_model, _data, "1/2", Options with { Estimators = [Estimator.MeanOfBatchVariance] }));
        AssertRefused("layers", () => Runs.MeasureShard(Runs.Read(_model).Layers.Skip(1).ToArray(), _data, Options with { Shard = DataShard.Parse("1/2") }), "model");
        using var others = Runs.Digits(batchSize: 8, take: 320);
        AssertRefused("batches of 8", () => Shards.Measure(_model, others, "1/2", Options));
        Assert.Equal(before, File.ReadAllBytes(attempt));
        Assert.False(File.Exists(Checkpoint));
    }

    [Fact]
    public void An_unfinished_checkpoint_is_not_merged()
    {
        BreakOff("1/1", after: 7);

        var error = Assert.Throws<PreciseBnException>(() => new BnMerger().AddFiles([Checkpoint]));

        Assert.Equal("UnfinishedPartial", error.ErrorId);
        Assert.Contains($"'{Checkpoint}'", error.Message);
        Assert.Contains("6 batches", error.Message);
    }

    [Fact]
    public void A_file_of_another_kind_is_not_overwritten()
    {
        File.Copy(_model, Checkpoint);

        Assert.Equal("NotAPartial", Assert.Throws<PreciseBnException>(() => Shards.Measure(_model, _data, "1/1", Options)).ErrorId);
        Assert.Equal(File.ReadAllBytes(_model), File.ReadAllBytes(Checkpoint));
    }

    [Fact]
    public void Data_that_say_nothing_of_what_they_are_need_a_name()
    {
        var data = new EnumerableBatchSource(new[] { ones(4, 1, 28, 28) }, []);

        Assert.Equal("DataNameNeeded", Assert.Throws<PreciseBnException>(() => Runs.MeasureShard(Runs.Read(_model).Layers, data, Options)).ErrorId);
        Assert.False(File.Exists(Checkpoint));
    }

    [Fact]
    public void A_fault_after_a_break_names_the_batch_as_counted_from_the_start()
    {
        var good = ones(4, 1, 28, 28);
        var bad = full([4, 1, 28, 28], float.NaN);
        var data = new EnumerableBatchSource(new[] { good, good, good, good, bad }, []);
        var layers = Runs.Read(_model).Layers;
        BreakOff(layers, data, NamedOptions, after: 3);

        var error = Assert.Throws<PreciseBnException>(() => Runs.MeasureShard(layers, data, NamedOptions));

        Assert.Equal("NotFinite", error.ErrorId);
        Assert.Contains("batch 4", error.Message);
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private void BreakOff(string shard, int after, ShardOptions? options = null) =>
        BreakOff(Runs.Read(_model).Layers, _data, (options ?? Options) with { Shard = DataShard.Parse(shard) }, after);

    private static void BreakOff(IReadOnlyList<BnModule> layers, IBatchSource data, ShardOptions options, int after)
    {
        var batches = 0;
        var progress = new Recorder(_ =>
        {
            if (++batches == after + 1)
                throw new TimeoutException();
        });

        Assert.Throws<TimeoutException>(() => Runs.MeasureShard(layers, data, options, progress));
    }

    private (IReadOnlyList<PartialBnStat> Partials, int Batches) Count(string shard, ShardOptions options)
    {
        var batches = 0;
        var partials = Runs.MeasureShard(
            Runs.Read(_model).Layers, _data, options with { Shard = DataShard.Parse(shard) }, new Recorder(_ => batches++));
        return (partials, batches);
    }

    private static void AssertRefused(string what, Action work, string? or = null)
    {
        var error = Assert.Throws<PreciseBnException>(work);
        Assert.Equal("CheckpointOfOtherRun", error.ErrorId);
        Assert.True(error.Message.Contains(what) || (or is not null && error.Message.Contains(or)), error.Message);
    }
}

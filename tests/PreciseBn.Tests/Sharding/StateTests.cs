using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>A model that sees batches otherwise after others is measured in one run, or refused: parts of a run begin with the model as it was.</summary>
public sealed class StateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Tensor[] _batches = Enumerable.Range(1, 6).Select(seed => tensor(new[] { 1f, 2, 4, 8 }).reshape(4, 1) * seed).ToArray();

    [Theory]
    [InlineData("changing.script.pt", "a part of itself")]
    [InlineData("changing.pt2", "count")]
    [InlineData("changing.decomposed.pt2", "count")]
    [InlineData("changing-others.pt2", "factor")]
    [InlineData("changing-collections.script.pt", "a part of itself")]
    public void A_saved_model_is_refused_in_parts_and_with_a_checkpoint_and_not_in_one_run(string file, string changed)
    {
        using var model = BnModel.Open(Fixtures.Path($"places/{file}"));
        using var data = BnDataLoader.FromFiles([Fixtures.Path("places/batches.npz")], new() { AsBatches = true });

        var part = Assert.Throws<PreciseBnException>(() => model.MeasureShard(data, new() { Shard = DataShard.Parse("2/2") }));
        var saving = Assert.Throws<PreciseBnException>(() => model.MeasureShard(data, new() { Checkpoint = _folder.File("part.bnstat") }));

        Assert.All(new[] { part, saving }, error => Assert.Equal("DependsOnState", error.ErrorId));
        Assert.Contains(changed, part.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
        Assert.Equal(model.Measure(data).Statistics.Select(stat => stat.Mean), Shards.Merge(model.MeasureShard(data)).Estimate().Statistics.Select(stat => stat.Mean));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_model_in_memory_that_counts_its_batches_is_refused_where_that_decides_what_it_sees(int limit)
    {
        using var module = new Counting(limit);

        var error = Assert.Throws<PreciseBnException>(() => BnModel.Of(module).MeasureShard(Data(), Half(1)));

        Assert.Equal("DependsOnState", error.ErrorId);
        Assert.Contains(" inner.count ", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, module.Count);
    }

    // Dropout and NaN are the same each time; so is what is different each time, and decides nothing.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_counter_that_decides_nothing_does_no_harm(bool beginsWithNaN)
    {
        using var module = new Counting(long.MaxValue);
        using var model = BnModel.Of(module);
        if (beginsWithNaN)
            _batches[0].fill_(double.NaN);

        var parts = new[] { 1, 2 }.Select(index => model.MeasureShard(Data(), Half(index) with { SkipNonFinite = true })).ToArray();

        var whole = model.Measure(Data(), new() { SkipNonFinite = true }).Statistics;
        Assert.All(Shards.Merge(parts.SelectMany(part => part)).Estimate().Statistics.Zip(whole).Take(1), pair => Assert.Equal(pair.Second.Mean[0], pair.First.Mean[0], 1e-6));
        Assert.Equal(beginsWithNaN ? 5 : 6, parts.Sum(part => part[0].Batches));
    }

    // What was saved before it was found out would let the next run come to the end.
    [Fact]
    public void One_that_is_refused_late_is_refused_however_often_it_is_run()
    {
        using var module = new Counting(3);
        var options = new ShardOptions { Checkpoint = _folder.File("part.bnstat"), Every = 1, DataName = "data" };

        for (var attempt = 0; attempt < 4; attempt++)
            Assert.Equal("DependsOnState", Assert.Throws<PreciseBnException>(() => BnModel.Of(module).MeasureShard(Data(), options)).ErrorId);

        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void Nor_is_it_saved_when_it_is_stopped()
    {
        using var module = new Counting(2);
        using var stop = new CancellationTokenSource();
        var options = new ShardOptions { Checkpoint = _folder.File("part.bnstat"), DataName = "data" };

        var seen = 0;
        var progress = new Recorder(_ =>
        {
            if (++seen == 2)
                stop.Cancel();
        });

        var error = Record.Exception(() => BnModel.Of(module).MeasureShard(Data(), options, progress, stop.Token));

        Assert.Equal("DependsOnState", Assert.IsType<PreciseBnException>(error).ErrorId);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void A_batch_that_it_fails_on_is_named_by_its_own_number()
    {
        using var module = new Counting(long.MaxValue);
        _batches[3].Dispose();
        _batches[3] = ones(4, 2);

        var error = Assert.Throws<PreciseBnException>(() => BnModel.Of(module).MeasureShard(Data(), new() { Checkpoint = _folder.File("part.bnstat"), DataName = "data" }));

        Assert.Equal("ForwardFailed", error.ErrorId);
        Assert.Contains("batch 3", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (var batch in _batches)
            batch.Dispose();
        _folder.Dispose();
    }

    private IBatchSource Data() => BatchSource.Of(_batches);

    private static ShardOptions Half(int index) => new() { Shard = DataShard.Parse($"{index}/2"), DataName = "data" };

    /// <summary>A model that counts its batches, and sees those after the first few otherwise; it has dropout in training mode.</summary>
    private sealed class Counting : nn.Module<Tensor, Tensor>
    {
        private readonly long _limit;
        private readonly BatchNorm1d _bn = nn.BatchNorm1d(1);
        private readonly BatchNorm1d _behind = nn.BatchNorm1d(1);
        private readonly Dropout _dropout = nn.Dropout(0.5);
        private readonly Sequential _inner = nn.Sequential();

        public Counting(long limit)
            : base(nameof(Counting))
        {
            _limit = limit;
            _inner.register_buffer("count", zeros(1, ScalarType.Int64));
            register_module("bn", _bn);
            register_module("behind", _behind);
            register_module("dropout", _dropout);
            register_module("inner", _inner);
        }

        public long Count => _inner.get_buffer("count")!.item<long>();

        public override Tensor forward(Tensor input)
        {
            using var one = ones(1, ScalarType.Int64);
            _inner.get_buffer("count")!.add_(one);
            return _behind.call(_dropout.call(_bn.call(Count > _limit ? input.square() : input)));
        }
    }
}

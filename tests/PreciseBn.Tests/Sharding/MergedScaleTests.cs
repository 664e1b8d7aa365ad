using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Which layer knows how the data are scaled, alone and merged, and that a result is of one model however shards come.</summary>
public sealed class MergedScaleTests
{
    private static readonly string Model = Fixtures.Path("digits.scripted.pt");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Only_the_layer_that_the_data_reach_first_knows_their_scale(bool exact)
    {
        using var data = Runs.Digits(take: 64);
        using var model = BnModel.Open(Model);

        var stats = model.Measure(data, new() { Exact = exact }).Statistics;

        Assert.Equal(["stem.bn"], stats.Where(stat => stat.InputScale is not null).Select(stat => stat.Name));
    }

    [Fact]
    public void Of_some_layers_none_is_taken_for_the_first()
    {
        using var data = Runs.Digits(take: 64);
        using var model = BnModel.Open(Model);

        Assert.Null(model.Only("body.3.bn").Measure(data).InputScale);
    }

    [Fact]
    public void A_first_shard_that_does_not_know_it_takes_it_from_others()
    {
        using var data = Runs.Digits(take: 64);
        var first = Shards.Measure(Model, data, "1/2").Select(partial => partial with { InputScale = null });
        var second = Shards.Measure(Model, data, "2/2");

        var result = Shards.Merge(first.Concat(second)).Estimate();

        Assert.Equal(second[0].InputScale, result.InputScale);
    }

    [Fact]
    public void Shards_of_other_paths_are_of_one_model_however_their_layers_come()
    {
        using var data = Runs.Digits(take: 64);
        var here = Shards.Measure(Model, data, "1/2");
        var there = Shards.Measure(Model, data, "2/2").Select(partial => partial with { Path = "/elsewhere/model.pt" }).ToArray();

        var merger = Shards.Merge(here.Take(3).Concat(there).Concat(here.Skip(3)));

        Assert.All(merger.Estimate().Layers, stat => Assert.Equal(here[0].Path, stat.Path));
        Assert.All(merger.ToPartials(), partial => Assert.Equal(here[0].Path, partial.Path));
    }

    [Fact]
    public void Shards_of_which_none_reached_a_layer_are_no_result()
    {
        using var data = Runs.Digits(take: 64);
        var nothing = Shards.Measure(Model, data, "1/1").Select(partial => partial with { Batches = 0, Uses = 0, Count = 0, Moments = new double[partial.Moments.Length] });

        Assert.Equal("NothingReached", Assert.Throws<PreciseBnException>(() => Shards.Merge(nothing).Estimate()).ErrorId);
    }

    [Fact]
    public void What_people_call_data_is_not_their_name()
    {
        IReadOnlyList<PartialBnStat> Measure(string description, string inputs) =>
            Shards.Measure(Model, new Described(Runs.Digits(take: 64), description, inputs), "1/1", new() { DataName = "digits" });

        Assert.Equal(Measure("/here", "image")[0].Shards, Measure("/there", "image")[0].Shards);
        Assert.NotEqual(Measure("/here", "image")[0].Shards, Measure("/here", "label")[0].Shards);
    }

    private sealed class Described(BnDataLoader data, string description, string inputs) : IBatchSource
    {
        public long? BatchCount => data.BatchCount;

        public string Description => description;

        public string Inputs => inputs;

        public IEnumerable<Batch> Read(CancellationToken cancellation) => data.Read(cancellation);
    }
}

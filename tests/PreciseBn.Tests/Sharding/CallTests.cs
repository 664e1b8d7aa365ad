using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Sums of other calls of a model do not belong together.</summary>
public sealed class CallTests : IDisposable
{
    private static readonly string Model = Fixtures.Path("cases/float-input/script-2.6.pt");

    private readonly TemporaryFolder _folder = new();
    private readonly BnDataLoader _data = BnDataLoader.FromFiles([Fixtures.Path("cases/float-input/batches.npz")], new() { AsBatches = true });

    [Fact]
    public void Shards_of_other_arguments_are_not_merged()
    {
        var one = Shards.Measure(Model, _data, "1/2", With(2.0));
        var other = Shards.Measure(Model, _data, "2/2", With(3.0));

        var error = Assert.Throws<PreciseBnException>(() => Shards.Merge(one.Concat(other)));

        Assert.Equal("CallsDiffer", error.ErrorId);
        Assert.Contains("forward(t=2)", error.Message);
        Assert.Contains("forward(t=3)", error.Message);
    }

    [Fact]
    public void Numbers_that_are_the_same_are_one_argument()
    {
        var shards = Shards.Measure(Model, _data, "1/2", With(2.0)).Concat(Shards.Measure(Model, _data, "2/2", With(2)));

        Assert.NotEmpty(Shards.Merge(shards).Estimate().Statistics);
    }

    [Theory]
    [InlineData("t", "warm", "t: float, which cannot be 'warm'")]
    [InlineData("t", true, "t: float, which cannot be True")]
    [InlineData("t", double.NaN, "t: float, which cannot be NaN")]
    [InlineData("t", null, "t: float, which cannot be nothing")]
    [InlineData("x", 2, "x: Tensor, which cannot be 2")]
    public void What_a_parameter_cannot_be_is_told_before_anything_runs(string parameter, object? value, string expected)
    {
        var error = Assert.Throws<PreciseBnException>(() => Shards.Measure(
            Model, _data, "1/1", new() { Arguments = new Dictionary<string, object?> { [parameter] = value } }));

        Assert.Equal("WrongArgument", error.ErrorId);
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void A_checkpoint_of_other_arguments_stays_as_it_is()
    {
        var checkpoint = _folder.File("part.safetensors");
        Shards.Measure(Model, _data, "1/2", With(2.0) with { Checkpoint = checkpoint });
        var before = File.ReadAllBytes(checkpoint);

        var error = Assert.Throws<PreciseBnException>(() => Shards.Measure(Model, _data, "1/2", With(3.0) with { Checkpoint = checkpoint }));

        Assert.Equal("CheckpointOfOtherRun", error.ErrorId);
        Assert.Equal(before, File.ReadAllBytes(checkpoint));
    }

    [Fact]
    public void Other_inputs_of_named_data_are_other_data()
    {
        using var left = randn(4, 1, 8, 8);
        using var right = randn(4, 1, 8, 8);
        object[] batches = [new Dictionary<string, Tensor> { ["left (1)"] = left, ["right"] = right }];
        IReadOnlyList<PartialBnStat> Measure(string key, string? checkpoint = null) => Shards.Measure(
            Fixtures.Path("branches.scripted.pt"), new EnumerableBatchSource(batches, [key]), "1/1", new() { DataName = "pairs", Checkpoint = checkpoint });
        var file = _folder.File("pairs.safetensors");
        Measure("left (1)", file);

        Assert.Equal("CheckpointOfOtherRun", Assert.Throws<PreciseBnException>(() => Measure("right", file)).ErrorId);
        Assert.Equal(Measure("left (1)")[0].Shards, BnPartialFile.Read(file)[0].Shards);
        Assert.NotEqual(Measure("left (1)")[0].Shards, Measure("right")[0].Shards);
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private static ShardOptions With(object t) => new() { Arguments = new Dictionary<string, object?> { ["t"] = t } };
}

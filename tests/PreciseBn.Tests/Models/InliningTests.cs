using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Models;
using PreciseBn.Statistics;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Long runs are prepared for, and give what short ones give, as shards and runs that go on may be either.</summary>
public sealed class InliningTests
{
    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.traced.pt")]
    [InlineData("two-inputs.scripted.pt")]
    [InlineData("places/changing.script.pt")]
    [InlineData("places/columns.script.pt")]
    [InlineData("places/double.script.pt")]
    [InlineData("places/forked.script.pt")]
    [InlineData("places/halves.script.pt")]
    [InlineData("places/interface.script.pt")]
    [InlineData("places/list.script.pt")]
    [InlineData("places/object.script.pt")]
    [InlineData("places/pieces.trace.pt")]
    [InlineData("places/tuple.script.pt")]
    public void A_model_that_is_inlined_is_observed_to_the_last_bit_as_one_that_is_not(string model)
    {
        using var file = ModelFile.Open(Fixtures.Path(model));
        var rules = new ObservationRules { AllowReuse = !model.Contains("forked", StringComparison.Ordinal) };
        using var plain = file.Load(file.Layers, rules, CPU);
        using var inlined = file.Load(file.Layers, rules with { IsLong = true }, CPU);

        foreach (var batch in Batches(model).Take(3))
        {
            using (batch)
            {
                // What runs on a batch of its own may change it.
                var kept = batch.With(batch.Inputs);
                Assert.Equal(Numbers(plain.Observe(kept)), Numbers(inlined.Observe(kept)));
            }
        }
    }

    // With a tolerance nobody knows how long a run will be; this one is as long.
    [Fact]
    public void A_long_run_gives_what_one_gives_that_might_have_been_short()
    {
        const int Batches = 500;
        var layers = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers;
        var usual = new MeasureOptions { Iterations = Batches };

        var stats = Runs.Measure(layers, Runs.Digits(batchSize: 2), usual);
        var others = Runs.Measure(layers, Runs.Digits(batchSize: 2), usual with { Tolerance = 1e-9 });

        Assert.All(stats.Zip(others), pair =>
        {
            Assert.Equal(Batches, pair.First.Batches);
            Assert.Equal(pair.Second.Mean, pair.First.Mean);
            Assert.Equal(pair.Second.Variance, pair.First.Variance);
        });
    }

    private static double[] Numbers(Tensor observation)
    {
        using var numbers = observation.to(ScalarType.Float64);
        return numbers.data<double>().ToArray();
    }

    private static IEnumerable<Batch> Batches(string model) => model.StartsWith("places/", StringComparison.Ordinal)
        ? BnDataLoader.FromFiles([Fixtures.Path("places/batches.npz")], new() { AsBatches = true }).Read(CancellationToken.None)
        : Runs.DataFor(model).Read(CancellationToken.None);
}

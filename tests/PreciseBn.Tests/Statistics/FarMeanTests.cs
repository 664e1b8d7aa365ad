using PreciseBn.Data;
using PreciseBn.Statistics;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>A mean far from 0 costs no digits, in whatever layout libtorch sums.</summary>
public sealed class FarMeanTests
{
    [Theory]
    [InlineData("bn1d.scripted.pt", 1)]
    [InlineData("bn1d.scripted.pt", 1000)]
    [InlineData("bn1d.scripted.pt", 100_000)]
    [InlineData("bn2d.scripted.pt", 1000)]
    [InlineData("bn2d.scripted.pt", 100_000)]
    public void Statistics_agree_with_float64_whatever_the_mean(string model, double mean)
    {
        var batches = Draw(model.Contains("1d", StringComparison.Ordinal) ? [512, 4] : [16, 4, 7, 7], mean);

        AssertExact(Runs.Measure(Runs.Read(Fixtures.Path(model)).Layers, new EnumerableBatchSource(batches, []), new()).Single(), batches);
    }

    [Fact]
    public void A_live_model_is_observed_likewise()
    {
        using var model = nn.BatchNorm1d(4);
        var batches = Draw([512, 4], 1000);

        AssertExact(Runs.Measure(Runs.Layers(model), new EnumerableBatchSource(batches, []), new()).Single(), batches);
    }

    [Fact]
    public void A_call_without_values_tells_nothing_of_them()
    {
        var layout = new ObservationLayout([1]);
        var far = FarMeans.None(layout);
        double[] Of(double mean, long values) => [mean, .. ObservationLayout.Encode(values, 1), 1, .. new double[ObservationLayout.CounterColumns]];

        Assert.False(far.Add(Of(0, values: 0)));
        Assert.False(far.AreAllKnown);
        Assert.True(far.Add(Of(1000, values: 8)));
        Assert.Equal([1000], far.Of(0)!);
    }

    [Fact]
    public void Uses_of_a_layer_are_pooled_likewise()
    {
        var batches = Draw([512, 4], 1000);
        var options = new MeasureOptions { AllowReuse = true };

        var stat = Runs.Measure(Runs.Read(Fixtures.Path("twice.scripted.pt")).Layers, new EnumerableBatchSource(batches, []), options).Single();

        AssertExact(stat, batches.SelectMany(batch => new[] { batch, batch + 1 }).ToArray());
    }

    private static void AssertExact(BnStat stat, Tensor[] batches)
    {
        using var all = cat(batches.Select(batch => batch.to(ScalarType.Float64).transpose(0, 1).flatten(1)).ToArray(), 1);
        for (var channel = 0; channel < stat.Channels; channel++)
        {
            var values = all[channel].contiguous().data<double>().ToArray();
            var mean = values.Average();
            var variance = values.Average(value => (value - mean) * (value - mean));
            Assert.Equal(mean, stat.Mean[channel], 1e-6 * Math.Sqrt(variance));
            Assert.Equal(variance, stat.Variance[channel], 1e-6 * variance);
        }
    }

    private static Tensor[] Draw(long[] shape, double mean)
    {
        using var generator = new Generator(3);
        return Enumerable.Range(0, 5).Select(_ => randn(shape, generator: generator) + mean).ToArray();
    }
}

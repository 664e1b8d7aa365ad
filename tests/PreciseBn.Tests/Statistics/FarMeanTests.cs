using PreciseBn.Data;
using PreciseBn.Statistics;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>A mean far from 0 costs no digits, in whatever layout libtorch sums.</summary>
public sealed class FarMeanTests
{
    private static readonly double FloatRounding = Math.Pow(2, -24);

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

    // The layer before rounds what it passes on to float32, as in PyTorch. There, in 2.6 on a CPU, these means come out off by 1.3e-5, 1.7e-4 and
    // 4.9e-3 deviations, and the variances by 8e-8, 3e-7 and 8e-6.
    [Theory]
    [InlineData(1000)]
    [InlineData(10_000)]
    [InlineData(100_000)]
    public void Behind_a_mean_that_jumps_late_is_no_more_lost_than_float32_rounds(double jump)
    {
        using var model = nn.Sequential(("first", nn.BatchNorm1d(4)), ("behind", nn.BatchNorm1d(4)));
        var batches = Draw([64, 4], 0).Concat(Draw([64, 4], jump)).ToArray();

        var stats = Runs.Measure(Runs.Layers(model), new EnumerableBatchSource(batches, []), new());

        AssertExact(stats[0], batches);
        for (var channel = 0; channel < 4; channel++)
        {
            var variances = batches.Select(batch => VarianceOf(batch, channel)).ToArray();
            Assert.Equal(0, stats[1].Mean[channel], jump * FloatRounding);
            // Each of 64 values is rounded by itself. On Windows half of this bound was seen.
            Assert.Equal(variances.Average(variance => variance / (variance + stats[0].Eps)), stats[1].Variance[channel], jump * FloatRounding / 10);
        }
    }

    private static double VarianceOf(Tensor batch, int channel)
    {
        var values = batch.select(1, channel).data<float>().Select(value => (double)value).ToArray();
        return values.Average(value => (value - values.Average()) * (value - values.Average()));
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

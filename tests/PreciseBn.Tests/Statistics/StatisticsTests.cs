using PreciseBn.Comparison;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>The arithmetic, against sums done directly.</summary>
public sealed class StatisticsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(300)]
    public void Merged_moments_are_those_of_all_values_together(int batches)
    {
        var random = new Random(batches);
        var layout = new ObservationLayout([2, 1]);
        using var accumulator = new MomentAccumulator(layout, CPU, new() { AllowSingleValues = true });
        var values = new List<double>[] { [], [], [] };
        var sumsOfBatchVariances = new double[3];
        for (var batch = 0; batch < batches; batch++)
        {
            var row = new double[2 * layout.Width];
            for (var channel = 0; channel < 3; channel++)
            {
                var count = channel < 2 ? 3 + batch % 5 : 1 + batch % 2;
                var sample = Enumerable.Range(0, count).Select(_ => 1e4 + random.NextDouble() + batch).ToArray();
                values[channel].AddRange(sample);
                var column = layout.Starts[channel / 2] + channel % 2;
                row[column] = sample.Average();
                row[layout.Width + column] = count == 1 ? double.NaN : UnbiasedVariance(sample);
                sumsOfBatchVariances[channel] += count == 1 ? 0 : UnbiasedVariance(sample);
                ObservationLayout.Encode(count, 1).CopyTo(row, layout.Starts[channel / 2] + layout.Channels[channel / 2]);
            }
            using var observation = tensor(row).reshape(2, layout.Width);
            Assert.Null(accumulator.Add(observation));
        }
        Assert.Null(accumulator.Merge());

        var moments = accumulator.Read(null).Layers;

        Assert.Equal([batches, batches], moments.Select(layer => layer.Batches));
        for (var channel = 0; channel < 3; channel++)
        {
            var layer = moments[channel / 2];
            var mean = values[channel].Average();
            Assert.Equal(values[channel].Count, layer.Count);
            var (pooledMean, pooledVariance) = layer.Estimate(Estimator.PopulationVariance);
            Assert.Equal(mean, pooledMean[channel % 2], mean * 1e-14);
            var squares = values[channel].Sum(value => (value - mean) * (value - mean));
            Assert.Equal(squares / values[channel].Count, pooledVariance[channel % 2], Math.Max(1e-6, squares) * 1e-10);
            Assert.Equal(
                sumsOfBatchVariances[channel] / batches, layer.Estimate(Estimator.MeanOfBatchVariance).Variance[channel % 2], 1e-6);
        }
    }

    // Nor is it when those before were saved and cleared; alternating means have a correlation near -1.
    [Fact]
    public void How_batches_succeed_each_other_is_known_of_all_that_were_added()
    {
        using var accumulator = new MomentAccumulator(new ObservationLayout([1]), CPU, new());
        double Add(int batches)
        {
            for (var i = 0; i < batches; i++)
            {
                using var observation = Observations.Of(i % 2, 1, 4, ScalarType.Float64);
                Assert.Null(accumulator.Add(observation));
            }
            return accumulator.Read(null).Layers[0].SerialCorrelation;
        }

        Assert.InRange(Add(20), -1, -0.9);
        accumulator.Clear();
        Assert.True(double.IsNaN(Add(20)));
    }

    // Batch means 1 and 4, batch variances 2 and 6: their deviations from their averages are 1.5 and 2, twice each.
    [Fact]
    public void Errors_of_two_batches_are_those_of_their_averages()
    {
        using var accumulator = new MomentAccumulator(new ObservationLayout([1]), CPU, new());
        using var first = Observations.Of(1, 2, 5, ScalarType.Float64);
        using var second = Observations.Of(4, 6, 50, ScalarType.Float64);
        accumulator.Add(first);
        accumulator.Add(second);

        var errors = accumulator.Read(null).Layers[0].Errors(Estimator.MeanOfBatchVariance);

        Assert.Equal(1.5 / Math.Sqrt(4), errors.Mean[0], 1e-12);
        Assert.Equal(2.0 / 4, errors.LogVariance[0], 1e-12);
    }

    [Fact]
    public void Counts_beyond_float32_are_exact()
    {
        const long Count = (1L << 33) + 12_345_677;
        var layout = new ObservationLayout([1]);
        using var accumulator = new MomentAccumulator(layout, CPU, new());
        using var observation = Observations.Of(1, 2, Count, ScalarType.Float32);

        accumulator.Add(observation);
        accumulator.Add(observation);
        accumulator.Merge();

        Assert.Equal(2 * Count, accumulator.Read(null).Layers[0].Count);
    }

    [Fact]
    public void The_divergence_is_the_integral_that_defines_it()
    {
        const double Mean = 0.7, Variance = 2.5, ReferenceMean = -0.3, ReferenceVariance = 1.2;
        const double Step = 1e-3;
        var integral = 0.0;
        for (var x = -30.0; x < 30; x += Step)
            integral += Density(x, Mean, Variance) * (LogDensity(x, Mean, Variance) - LogDensity(x, ReferenceMean, ReferenceVariance)) * Step;

        Assert.Equal(integral, Distance.Divergence(ReferenceMean, ReferenceVariance, Mean, Variance, eps: 0), 1e-9);
    }

    [Theory]
    [InlineData(1, 4, 1, 0, 0)]
    [InlineData(1, 4, 5, 0, 2)]
    [InlineData(1, 3, 5, 1, 2)]
    [InlineData(1, 0, 1, 0, 0)]
    [InlineData(1, 0, 2, 0, double.PositiveInfinity)]
    [InlineData(1, 4, double.NaN, 0, double.NaN)]
    public void A_shift_is_in_deviations_of_the_reference(double referenceMean, double referenceVariance, double mean, double eps, double shift) =>
        Assert.Equal(shift, Distance.MeanShift(referenceMean, referenceVariance, mean, eps));

    [Theory]
    [InlineData(2, 4, 0, 2)]
    [InlineData(4, 2, 0, 2)]
    [InlineData(3, 7, 1, 2)]
    [InlineData(0, 0, 0, 1)]
    [InlineData(0, 1, 0, double.PositiveInfinity)]
    [InlineData(double.NaN, 1, 0, double.NaN)]
    public void A_ratio_is_the_larger_over_the_smaller(double referenceVariance, double variance, double eps, double ratio) =>
        Assert.Equal(ratio, Distance.VarianceRatio(referenceVariance, variance, eps));

    [Fact]
    public void A_channel_that_is_as_good_as_constant_on_both_sides_is_near() =>
        Assert.Equal(1, Distance.VarianceRatio(2e-14, 0, eps: 1e-5), 1e-8);

    [Fact]
    public void The_largest_of_some_numbers_is_NaN_if_one_is()
    {
        Assert.Equal(3, Distance.Largest([1, 3, 2]));
        Assert.Equal(double.NaN, Distance.Largest([1, double.NaN, 2]));
    }

    // 1 + 2⁻⁸ lies half-way between two bfloat16 numbers, of which 1 is even; the least bit more is nearer to the other.
    [Theory]
    [InlineData(1.00390625, 1)]
    [InlineData(1.00390625000001, 1.0078125)]
    [InlineData(1.01171875, 1.015625)]
    [InlineData(-1.00390625000001, -1.0078125)]
    [InlineData(3.39e38, 3.3895313892515355e38)]
    [InlineData(3.4e39, double.PositiveInfinity)]
    [InlineData(0, 0)]
    public void Rounding_to_bfloat16_happens_once(double value, double rounded) =>
        Assert.Equal(rounded, NumberFormat.Round(DType.BFloat16, value));

    private static double UnbiasedVariance(double[] sample) =>
        sample.Sum(value => (value - sample.Average()) * (value - sample.Average())) / (sample.Length - 1);

    private static double Density(double x, double mean, double variance) => Math.Exp(LogDensity(x, mean, variance));

    private static double LogDensity(double x, double mean, double variance) =>
        -0.5 * (Math.Log(2 * Math.PI * variance) + ((x - mean) * (x - mean) / variance));
}

using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static PreciseBn.Tests.Support.Tensors;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>The reported standard errors are the scatter that repetitions really have.</summary>
public sealed class StandardErrorTests
{
    private const int Repetitions = 400;
    private const int Batches = 40;
    private const double Tolerance = 0.15;

    private static readonly long[] Shape = [4, 2, 6, 6];

    [Theory]
    [InlineData(Estimator.PopulationVariance)]
    [InlineData(Estimator.MeanOfBatchVariance)]
    public void Independent_values_of_a_known_distribution(Estimator estimator) =>
        AssertErrorsMatchScatter(estimator, generator => Sum(randn(Shape, generator: generator) * tensor(3f), tensor(5f)));

    // Uniform and skewed values have other fourth moments, on which the error of the variance depends.
    [Theory]
    [InlineData(Estimator.PopulationVariance)]
    [InlineData(Estimator.MeanOfBatchVariance)]
    public void Skewed_values(Estimator estimator) =>
        AssertErrorsMatchScatter(estimator, generator =>
        {
            var uniform = rand(Shape, generator: generator);
            return uniform * uniform * uniform;
        });

    // Each image has a brightness and a contrast of its own: its pixels tell the same thing again and again.
    [Theory]
    [InlineData(Estimator.PopulationVariance)]
    [InlineData(Estimator.MeanOfBatchVariance)]
    public void Images_whose_pixels_are_correlated(Estimator estimator) => AssertErrorsMatchScatter(estimator, generator =>
    {
        var brightness = randn([Shape[0], Shape[1], 1, 1], generator: generator);
        var contrast = Sum(rand([Shape[0], Shape[1], 1, 1], generator: generator), tensor(0.5f));
        return Sum(Sum(tensor(2f), brightness), contrast * randn(Shape, generator: generator));
    });

    [Fact]
    public void Batches_of_different_sizes_are_weighted() => AssertErrorsMatchScatter(Estimator.PopulationVariance, generator =>
    {
        var images = 1 + (int)(rand(1, generator: generator).item<float>() * 8);
        return Sum(randn([images, Shape[1], 1, 1], generator: generator), randn([images, Shape[1], 4, 4], generator: generator));
    });

    [Fact]
    public void One_batch_tells_nothing_of_its_error()
    {
        using var model = nn.BatchNorm2d(2);
        var stat = Runs.Measure(Runs.Layers(model), new EnumerableBatchSource([randn(Shape)], []), new()).Single();

        Assert.All(stat.MeanStandardError.Concat(stat.LogVarianceStandardError), error => Assert.True(double.IsNaN(error)));
    }

    private static void AssertErrorsMatchScatter(Estimator estimator, Func<Generator, Tensor> draw)
    {
        using var model = nn.BatchNorm2d(Shape[1]);
        using var generator = new Generator(7);
        var layers = Runs.Layers(model);
        var options = new MeasureOptions { Estimators = [estimator] };
        var stats = Enumerable.Range(0, Repetitions).Select(_ =>
        {
            using var scope = NewDisposeScope();
            var batches = Enumerable.Range(0, Batches).Select(_ => draw(generator)).ToArray();
            return Runs.Measure(layers, new EnumerableBatchSource(batches, []), options).Single();
        }).ToArray();

        for (var channel = 0; channel < Shape[1]; channel++)
        {
            var deviation = Math.Sqrt(stats.Average(stat => stat.Variance[channel]));
            AssertClose("mean", Scatter(stats.Select(stat => stat.Mean[channel] / deviation)), RootMeanSquare(stats.Select(stat => stat.MeanStandardError[channel])));
            AssertClose("variance", Scatter(stats.Select(stat => Math.Log(stat.Variance[channel]))), RootMeanSquare(stats.Select(stat => stat.LogVarianceStandardError[channel])));
        }
    }

    private static void AssertClose(string what, double scatter, double reported) =>
        Assert.True(Math.Abs((reported / scatter) - 1) < Tolerance, $"The {what} scatters by {scatter}, but its error is said to be {reported}.");

    private static double Scatter(IEnumerable<double> values)
    {
        var all = values.ToArray();
        var mean = all.Average();
        return Math.Sqrt(all.Sum(value => (value - mean) * (value - mean)) / (all.Length - 1));
    }

    private static double RootMeanSquare(IEnumerable<double> values) => Math.Sqrt(values.Average(value => value * value));
}

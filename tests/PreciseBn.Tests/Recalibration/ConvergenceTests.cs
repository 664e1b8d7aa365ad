using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>What is recorded of convergence is what shorter runs over the same data give.</summary>
public sealed class ConvergenceTests
{
    private static readonly IReadOnlyList<BnModule> Layers = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers;

    [Theory]
    [InlineData(Estimator.PopulationVariance)]
    [InlineData(Estimator.MeanOfBatchVariance)]
    public void Each_point_is_a_run_of_so_many_batches(Estimator estimator)
    {
        var whole = Measure(11, estimator, recordConvergence: true);

        Assert.All(whole, stat => Assert.Equal([1, 2, 4, 8, 11], stat.Convergence.Select(point => point.Batches)));
        foreach (var batches in new[] { 1, 2, 4, 8, 11 })
            Assert.All(whole.Zip(Measure(batches, estimator)), pair => AssertIs(pair.First.Convergence.Single(point => point.Batches == batches), pair.Second, pair.First));
    }

    [Fact]
    public void It_is_recorded_only_if_that_is_asked_for_and_changes_nothing()
    {
        var plain = Measure(5, Estimator.PopulationVariance);
        var recorded = Measure(5, Estimator.PopulationVariance, recordConvergence: true);

        Assert.All(plain, stat => Assert.Empty(stat.Convergence));
        foreach (var (one, other) in plain.Zip(recorded))
        {
            Assert.All(one.Mean.Zip(other.Mean), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
            Assert.All(one.Variance.Zip(other.Variance), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        }
    }

    [Fact]
    public void It_is_exported_with_the_statistics()
    {
        using var folder = new TemporaryFolder();
        var stats = Measure(3, Estimator.PopulationVariance, recordConvergence: true);

        BnStatFile.Write(folder.File("stats.safetensors"), stats, force: false);

        Assert.Equal(stats.Select(stat => stat.Convergence), BnStatFile.Read(folder.File("stats.safetensors")).Cast<BnStat>().Select(stat => stat.Convergence));
    }

    private static void AssertIs(ConvergencePoint point, BnStat shorter, BnStat whole)
    {
        Assert.Equal(shorter.MeanError, point.MeanError, 1e-9);
        Assert.Equal(shorter.VarianceError, point.VarianceError, 1e-9);
        Assert.Equal(Largest(whole, channel => Math.Abs(shorter.Mean[channel] - whole.Mean[channel]) / Math.Sqrt(whole.Variance[channel] + whole.Eps)), point.MeanDistance, 1e-9);
        Assert.Equal(Largest(whole, channel => Math.Abs(Math.Log((shorter.Variance[channel] + whole.Eps) / (whole.Variance[channel] + whole.Eps)))), point.VarianceDistance, 1e-9);
    }

    private static double Largest(BnStat stat, Func<int, double> distance) => Enumerable.Range(0, stat.Channels).Max(distance);

    private static IReadOnlyList<BnStat> Measure(int batches, Estimator estimator, bool recordConvergence = false) => Runs.Measure(
        Layers, Runs.Digits(), new()
        {
            Iterations = batches,
            Estimators = [estimator],
            RecordConvergence = recordConvergence,
        });
}

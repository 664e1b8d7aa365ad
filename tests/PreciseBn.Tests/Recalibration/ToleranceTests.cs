using PreciseBn.Data;
using PreciseBn.Recalibration;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>-Tolerance stops when the statistics are precise enough, and keeps what it promises.</summary>
public sealed class ToleranceTests
{
    private const double Tolerance = 0.02;

    // What the README promises: no statistic is further off than this many tolerances.
    private const double Promise = 4;

    private const int BatchSize = 8;
    private const int AllBatches = 200;

    // The last two layers have too few values in 1600 images to become so precise.
    private static readonly IReadOnlyList<BnModule> Layers = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers.SkipLast(2).ToArray();

    [Fact]
    public void It_stops_early_and_lies_within_the_promised_bound_of_the_full_run_in_95_of_100_shuffles()
    {
        var full = Measure(seed: 0, tolerance: null).ToDictionary(stat => stat.Name);
        var kept = 0;
        var fewest = long.MaxValue;
        for (var seed = 1; seed <= 100; seed++)
        {
            var stats = Measure(seed, Tolerance);
            fewest = Math.Min(fewest, stats[0].Batches);
            Assert.All(stats, stat => Assert.True(stat.StoppedBy == StopReason.Tolerance && stat.Batches < AllBatches, $"Seed {seed} used {stat.Batches} batches."));
            Assert.All(stats, stat => Assert.InRange(Math.Max(stat.MeanError, stat.VarianceError), 0, Tolerance));
            if (stats.All(stat => IsWithin(stat, full[stat.Name])))
                kept++;
        }

        Assert.InRange(kept, 95, 100);
        Assert.InRange(fewest, PrecisionCheck.FewestBatches, AllBatches - 1);
    }

    [Fact]
    public void It_never_stops_before_ten_batches()
    {
        var stats = Measure(seed: 1, tolerance: 5);

        Assert.All(stats, stat => Assert.Equal((10, StopReason.Tolerance), (stat.Batches, stat.StoppedBy)));
    }

    [Fact]
    public void Iterations_are_the_most_and_the_end_of_the_data_is_no_error()
    {
        Assert.All(Measure(seed: 1, tolerance: 1e-6, iterations: 20), stat => Assert.Equal((20, StopReason.Iterations), (stat.Batches, stat.StoppedBy)));
        Assert.All(Measure(seed: 1, tolerance: 1e-6, iterations: 999), stat => Assert.Equal((AllBatches, StopReason.DataEnd), (stat.Batches, stat.StoppedBy)));
    }

    // The one in passes, the other in segments.
    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.exported-2.6.pt2")]
    public void An_exact_measurement_has_ended_for_one_reason(string model)
    {
        using var data = Runs.Digits(batchSize: 4, take: 48);
        StopReason[] Reasons(MeasureOptions options) => Runs.Measure(Runs.Read(Fixtures.Path(model)).Layers, data, options).Select(stat => stat.StoppedBy).Distinct().ToArray();

        Assert.Equal([StopReason.DataEnd], Reasons(new() { Exact = true }));
        Assert.Equal([StopReason.Iterations], Reasons(new() { Exact = true, Iterations = 2 }));
        Assert.Equal([StopReason.Tolerance], Reasons(new() { Exact = true, Tolerance = 5 }));
    }

    // Quantiles of chi-square from tables: 2.700 for 9 degrees and 0.025, 27.249 for 49 and 0.005.
    [Theory]
    [InlineData(10, 0.025, 2.700)]
    [InlineData(50, 0.005, 27.249)]
    public void The_confidence_limit_is_that_of_the_chi_square_distribution(long batches, double risk, double quantile) =>
        Assert.Equal(Math.Sqrt((batches - 1) / quantile), PrecisionCheck.UpperLimitFactor(batches, risk), 0.02);

    private static IReadOnlyList<BnStat> Measure(int seed, double? tolerance, int? iterations = null)
    {
        using var loader = BnDataLoader.FromFiles([Fixtures.Path("digits.calibration.npz")], new()
        {
            Keys = ["images"],
            BatchSize = BatchSize,
            Order = seed > 0 ? DataOrder.Shuffled : DataOrder.Sequential,
            Seed = seed,
            Mean = [0.1307],
            StandardDeviation = [0.3081],
        });
        return Runs.Measure(Layers, loader, new()
        {
            Tolerance = tolerance,
            Iterations = iterations,
        });
    }

    private static bool IsWithin(BnStat stat, BnStat full) => Enumerable.Range(0, stat.Channels).All(channel =>
        Math.Abs(stat.Mean[channel] - full.Mean[channel]) / Math.Sqrt(full.Variance[channel]) <= Promise * Tolerance
        && Math.Abs(Math.Log(stat.Variance[channel] / full.Variance[channel])) <= Promise * Tolerance);
}

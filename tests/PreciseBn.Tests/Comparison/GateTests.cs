using PreciseBn.Comparison;
using PreciseBn.Primitives;

namespace PreciseBn.Tests;

/// <summary>The gate judges what is left of a difference when the sampling error is taken off.</summary>
public sealed class GateTests
{
    // Of a layer with one channel the mean and the variance share the risk; from tables, for 0.001 and 9 degrees.
    private const double Quantile = 4.781;
    private const double Precision = 1e-3;

    // From tables.
    [Theory]
    [InlineData(0.05, 1, 12.706)]
    [InlineData(0.01, 2, 9.925)]
    [InlineData(0.002, 5, 5.893)]
    [InlineData(0.001, 9, Quantile)]
    [InlineData(0.001, 30, 3.646)]
    [InlineData(0.01, 120, 2.617)]
    public void The_quantiles_are_those_of_Students_distribution(double risk, long degrees, double quantile) =>
        Assert.Equal(quantile, StudentDistribution.TwoSidedQuantile(risk, degrees), Precision);

    [Fact]
    public void Errors_of_both_sides_are_taken_off_the_distance()
    {
        var verdict = Judge(Measured(mean: 1, variance: 4, meanError: 0.03), Measured(mean: 3, variance: 4, meanError: 0.04));

        Assert.Equal(1, verdict.MeanShift);
        Assert.Equal(1 - (Quantile * 0.05), verdict.LeastMeanShift!.Value, Precision);
        Assert.Equal(Quantile * 0.05, verdict.MeanShiftNoise!.Value, Precision);
    }

    [Fact]
    public void Errors_are_in_deviations_of_the_side_they_belong_to()
    {
        var verdict = Judge(Measured(variance: 1, meanError: 0), Measured(mean: 2, variance: 9, meanError: 0.1));

        Assert.Equal(2 - (Quantile * 0.3), verdict.LeastMeanShift!.Value, Precision);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(0.25)]
    public void Ratios_of_variances_shrink_by_their_error(double variance)
    {
        var verdict = Judge(Measured(), Measured(variance: variance, varianceError: 0.1));

        Assert.Equal(4, verdict.VarianceRatio!.Value, Precision);
        Assert.Equal(4 / Math.Exp(Quantile * 0.1), verdict.LeastVarianceRatio!.Value, Precision);
        Assert.Equal(Math.Exp(Quantile * 0.1), verdict.VarianceRatioNoise!.Value, Precision);
    }

    [Fact]
    public void What_noise_explains_is_no_distance_at_all()
    {
        var verdict = Judge(Measured(), Measured(mean: 0.3, variance: 1.3, meanError: 0.1, varianceError: 0.1), new() { MeanShift = 0, VarianceRatio = 1, Divergence = 0 });

        Assert.True(verdict.Passed);
        Assert.Equal((0.0, 1.0, 0.0), (verdict.LeastMeanShift, verdict.LeastVarianceRatio, verdict.LeastDivergence));
    }

    // By 4.781 errors, means of 0.25 and variances of a factor of 1.5 are noise.
    [Theory]
    [InlineData(0, 0.05, 0.08, true)]
    [InlineData(0, 0.053, 0.08, false)]
    [InlineData(0, 0.05, 0.086, false)]
    [InlineData(0, 0.5, 0.5, false)]
    [InlineData(9, 0.5, 0.5, true)]
    public void What_passes_says_nothing_where_noise_hides_more_than_is_allowed(double mean, double meanError, double varianceError, bool isConclusive) =>
        Assert.Equal(isConclusive, Judge(Measured(), Measured(mean, meanError: meanError, varianceError: varianceError)).IsConclusive);

    [Fact]
    public void Of_what_is_not_to_count_no_noise_is_too_much() =>
        Assert.True(Judge(Measured(), Measured(varianceError: 0.5), new() { VarianceRatio = double.PositiveInfinity }).IsConclusive);

    [Fact]
    public void Of_a_file_the_error_is_taken_to_be_that_of_the_other_side()
    {
        var measured = Measured(mean: 1, meanError: 0.1);

        Assert.All([Judge(Stored(), measured), Judge(measured, Stored())], verdict =>
            Assert.Equal(1 - (Quantile * 0.1 * Math.Sqrt(2)), verdict.LeastMeanShift!.Value, Precision));
    }

    [Fact]
    public void Of_two_files_distances_are_judged_as_they_are()
    {
        var verdict = Judge(Stored(), Stored(mean: 0.2, variance: 1.2));

        Assert.Equal((verdict.MeanShift, verdict.VarianceRatio, verdict.Divergence), (verdict.LeastMeanShift, verdict.LeastVarianceRatio, verdict.LeastDivergence));
        Assert.Equal((0.0, 1.0), (verdict.MeanShiftNoise, verdict.VarianceRatioNoise));
    }

    [Theory]
    [InlineData(0.24, 1, true, "")]
    [InlineData(0.26, 1, false, "A mean")]
    [InlineData(0, 1.49, true, "")]
    [InlineData(0, 1.51, false, "A variance")]
    [InlineData(0.24, 1.49, false, "The channels diverge")]
    [InlineData(double.NaN, 1, false, "A mean")]
    [InlineData(0, double.NaN, false, "A variance")]
    [InlineData(0, 0, false, "A variance")]
    public void Each_threshold_closes_the_gate_and_the_reason_says_which(double mean, double variance, bool passed, string reason)
    {
        var verdict = Judge(Stored(), Stored(mean, variance));

        Assert.Equal(passed, verdict.Passed);
        Assert.StartsWith(reason, verdict.Reason);
    }

    [Fact]
    public void Dead_channels_that_stay_dead_pass()
    {
        Assert.True(Judge(Stored(variance: 0), Measured(variance: 0)).Passed);
        Assert.False(Judge(Stored(variance: 0), Measured(variance: 1)).Passed);
    }

    [Fact]
    public void More_channels_share_the_risk()
    {
        var one = BnGate.Judge([Stored()], [Measured(mean: 1, meanError: 0.05)], new()).Single();
        var many = BnGate.Judge(
            [Stored(), .. Names(50).Select(name => Stored() with { Name = name })],
            [Measured(mean: 1, meanError: 0.05), .. Names(50).Select(name => Measured() with { Name = name })], new())[0];

        Assert.True(many.LeastMeanShift < one.LeastMeanShift);
    }

    [Fact]
    public void Layers_on_one_side_only_do_not_pass()
    {
        var verdicts = BnGate.Judge([Stored() with { Name = "old" }], [Stored() with { Name = "new" }], new());

        Assert.Equal([(Presence.ReferenceOnly, false), (Presence.DifferenceOnly, false)], verdicts.Select(verdict => (verdict.Presence, verdict.Passed)));
    }

    [Fact]
    public void A_single_batch_cannot_be_judged() =>
        Assert.Equal("SingleBatch", Assert.Throws<PreciseBnException>(() => Judge(Stored(), Measured() with { Batches = 1 })).ErrorId);

    [Fact]
    public void Nothing_cannot_be_judged() =>
        Assert.Equal("NothingToJudge", Assert.Throws<PreciseBnException>(() => BnGate.Judge([], [], new())).ErrorId);

    private static BnVerdict Judge(ILayerStatistics reference, ILayerStatistics difference, BnThresholds? thresholds = null) =>
        BnGate.Judge([reference], [difference], thresholds ?? new()).Single();

    private static IEnumerable<string> Names(int count) => Enumerable.Range(0, count).Select(index => $"other.{index}");

    private static BnModule Stored(double mean = 0, double variance = 1) => new()
    {
        Name = "bn",
        Type = "BatchNorm2d",
        Momentum = 0.1,
        Eps = 1e-5,
        Affine = true,
        Training = false,
        BatchesTracked = 10,
        Mean = [mean],
        Variance = [variance],
        DType = DType.Float32,
    };

    private static BnStat Measured(double mean = 0, double variance = 1, double meanError = 0, double varianceError = 0) => new()
    {
        Name = "bn",
        Eps = 0,
        Type = "BatchNorm2d",
        Batches = 10,
        Uses = 10,
        Count = 1000,
        BatchesTracked = 10,
        Mean = [mean],
        Variance = [variance],
        PreviousMean = [0],
        PreviousVariance = [1],
        MeanStandardError = [meanError],
        LogVarianceStandardError = [varianceError],
        SkippedBatches = 0,
        StoppedBy = StopReason.DataEnd,
        Estimator = Estimator.PopulationVariance,
    };
}

using PreciseBn.Recalibration;
using PreciseBn.Statistics;

namespace PreciseBn.Tests;

/// <summary>Whoever looks at an estimated error again and again catches it too small; the check allows for that.</summary>
public sealed class PrecisionCheckTests
{
    private const double Tolerance = 0.02;
    private const long Values = 1000;

    private static readonly Estimator[] Both = Enum.GetValues<Estimator>();

    [Fact]
    public void In_95_of_100_runs_the_true_error_is_below_the_tolerance_when_it_stops()
    {
        const int Runs = 4000;
        const int MostBatches = 1000;
        const int EnoughBatches = 100;
        var random = new Random(5);
        var tooEarly = Enumerable.Range(0, Runs).Count(_ => StopsBefore(EnoughBatches, MostBatches, random));

        Assert.InRange(tooEarly / (double)Runs, 0, 0.05);
    }

    // By the table of chi-square for 49 degrees the limit of one look, of risk 0.05, is 1.20 times the error (33.93). Of many
    // looks each has less risk, and a higher limit.
    [Theory]
    [InlineData(10, true)]
    [InlineData(1000, false)]
    public void The_more_looks_there_may_be_the_less_each_may_risk(long mostBatches, bool expected)
    {
        var check = new PrecisionCheck(Tolerance, Both, mostBatches);

        Assert.Equal(expected, check.IsReached([Layer(50, Tolerance / 1.25, 0, 0, 0)]));
    }

    [Fact]
    public void It_looks_after_ten_batches_and_then_each_time_a_quarter_later()
    {
        var check = new PrecisionCheck(Tolerance, Both, mostBatches: 1000);

        Assert.Equal([10, 13, 17, 22, 28, 35], Enumerable.Range(1, 40).Where(batches => check.IsDue(batches)));
    }

    [Theory]
    [InlineData(0, 0, 0, 0, true)]
    [InlineData(1, 0, 0, 0, false)]
    [InlineData(0, 1, 0, 0, false)]
    [InlineData(0, 0, 1, 0, false)]
    [InlineData(0, 0, 0, 1, false)]
    public void Mean_and_variance_are_judged_with_every_estimator(double pooledMean, double pooledVariance, double mean, double variance, bool expected)
    {
        var check = new PrecisionCheck(Tolerance, Both, mostBatches: 50);

        Assert.Equal(expected, check.IsReached([Layer(50, pooledMean, pooledVariance, mean, variance)]));
    }

    [Fact]
    public void All_layers_are_judged_that_any_batch_has_reached()
    {
        var check = new PrecisionCheck(Tolerance, Both, mostBatches: 50);

        Assert.False(check.IsReached([Layer(50, 0, 0, 0, 0), Layer(50, 1, 0, 0, 0)]));
        Assert.True(check.IsReached([Layer(50, 0, 0, 0, 0), Layer(0, 1, 0, 0, 0)]));
    }

    // The means of the batches scatter so that their average is as precise as the tolerance after just enough batches.
    private static bool StopsBefore(int enoughBatches, int mostBatches, Random random)
    {
        var check = new PrecisionCheck(Tolerance, [Estimator.MeanOfBatchVariance], mostBatches);
        double sum = 0, squares = 0;
        for (var batches = 1; batches < enoughBatches; batches++)
        {
            var mean = Tolerance * Math.Sqrt(enoughBatches) * Normal(random);
            sum += mean;
            squares += mean * mean;
            var error = Math.Sqrt((squares - (sum * sum / batches)) / batches / Math.Max(1, batches - 1));
            if (check.IsDue(batches) && check.IsReached([Layer(batches, 0, 0, error, 0)]))
                return true;
        }
        return false;
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>A layer of one channel of variance 1 whose statistics have these standard errors.</summary>
    private static LayerMoments Layer(long batches, double pooledMean, double pooledVariance, double mean, double variance)
    {
        var table = new MomentTable(1);
        table[MomentRow.ReferenceVariance][0] = 1;
        table[MomentRow.SquaredDeviations][0] = Values;
        table[MomentRow.WeightedD2][0] = pooledMean * pooledMean * Values * Values * (batches - 1) / Math.Max(1, batches);
        table[MomentRow.WeightedE2][0] = pooledVariance * pooledVariance * Values * Values * (batches - 1) / Math.Max(1, batches);
        table[MomentRow.D2][0] = mean * mean * batches * (batches - 1);
        table[MomentRow.U2][0] = variance * variance * batches * (batches - 1);
        return new LayerMoments { Batches = batches, Uses = batches, Count = Values, Table = table };
    }
}

using System.Numerics;
using PreciseBn.Evaluation;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>What scores say of a sample, and samples of a model, is what arithmetic by hand says.</summary>
public sealed class ScoreTests
{
    [Theory]
    [InlineData(0, 0, new[] { 1.0, 0, 0 })]
    [InlineData(2, 2, new[] { 1.0, 0, 0 })]
    [InlineData(1, 0, new[] { 0.0, 3, 3 })]
    [InlineData(2, 1, new[] { 0.0, 3, 3 })]
    [InlineData(3, 3, new[] { 7.0, 7, 7, 7 })]
    [InlineData(1, 1, new[] { 0.0, double.NegativeInfinity })]
    public void Of_equal_scores_the_first_class_comes_first(int label, int rank, double[] scores) =>
        Assert.Equal(rank, SampleScore.Of(scores, label, 1e-3)!.Value.Rank);

    [Fact]
    public void The_loss_is_exact_where_exponentials_would_overflow()
    {
        Assert.Equal(Math.Log(1 + Math.Exp(-1)), SampleScore.Of([1000.0, 999], 0, 1e-3)!.Value.Loss, 1e-12);
        Assert.Equal(2000 + Math.Log(2), SampleScore.Of([1000.0, 1000, -1000], 2, 1e-3)!.Value.Loss, 1e-9);
        Assert.Equal(Math.Log(3), SampleScore.Of([-800.0, -800, -800], 1, 1e-3)!.Value.Loss, 1e-12);
        Assert.Equal(double.PositiveInfinity, SampleScore.Of([0.0, double.NegativeInfinity], 1, 1e-3)!.Value.Loss);
    }

    // The logarithms of probabilities are logits of the same probabilities.
    [Fact]
    public void Logarithms_of_probabilities_have_the_loss_of_these()
    {
        var score = SampleScore.Of([Math.Log(0.2), Math.Log(0.5), Math.Log(0.3)], 0, 1e-3)!.Value;

        Assert.Equal(-Math.Log(0.2), score.Loss, 1e-12);
        Assert.False(score.AreProbabilities);
    }

    [Theory]
    [InlineData(true, new[] { 0.2, 0.5, 0.3 })]
    [InlineData(true, new[] { 1.0, 0, 0 })]
    [InlineData(false, new[] { 1.1, -0.1, 0 })]
    [InlineData(false, new[] { 0.5, 0.4, 0.2 })]
    public void Probabilities_are_told_from_logits(bool areProbabilities, double[] scores)
    {
        var score = SampleScore.Of(scores, 0, 1e-3)!.Value;

        Assert.Equal(areProbabilities, score.AreProbabilities);
        Assert.Equal(-Math.Log(scores[0]), score.LossOfProbabilities, 1e-12);
    }

    [Theory]
    [InlineData(new[] { 1.0, double.NaN })]
    [InlineData(new[] { double.NaN, 1.0 })]
    [InlineData(new[] { 1.0, double.PositiveInfinity })]
    [InlineData(new[] { double.NegativeInfinity, double.NegativeInfinity })]
    public void What_is_not_finite_has_no_score(double[] scores) => Assert.Null(SampleScore.Of(scores, 0, 1e-3));

    [Fact]
    public void Mean_and_error_are_those_of_all_samples()
    {
        double[] samples = [.. Enumerable.Range(0, 1000).Select(i => 1e6 + (i * 7919 % 1000))];
        var tally = new Tally();
        foreach (var sample in samples)
            tally.Add(sample);

        var mean = samples.Average();
        Assert.Equal(mean, tally.Mean, 1e-6);
        Assert.Equal(Math.Sqrt(samples.Sum(sample => (sample - mean) * (sample - mean)) / 999 / 1000), tally.Error!.Value, 1e-9);
    }

    [Fact]
    public void One_sample_has_no_error_and_infinity_stays()
    {
        var tally = new Tally();
        tally.Add(3);
        Assert.Equal((3, null), (tally.Mean, tally.Error));
        Assert.Null(Tally.ErrorOfPart(1, 1));
        Assert.Equal(0.05, Tally.ErrorOfPart(0.5, 100));

        tally.Add(double.PositiveInfinity);
        tally.Add(1);
        tally.Add(double.PositiveInfinity);
        Assert.Equal((double.PositiveInfinity, null), (tally.Mean, tally.Error));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    [InlineData(2, 3)]
    [InlineData(7, 7)]
    [InlineData(10, 25)]
    [InlineData(56, 6)]
    [InlineData(400, 300)]
    [InlineData(2000, 0)]
    [InlineData(0, 1070)]
    public void The_chance_of_changes_is_exact(int gained, int lost)
    {
        var (all, ways) = (gained + lost, (BigInteger)0);
        for (var (k, choose) = (0, (BigInteger)1); k <= Math.Min(gained, lost); choose = choose * (all - k) / (k + 1), k++)
            ways += choose;
        var exact = Math.Min(1, new Rational(2 * ways, BigInteger.Pow(2, all)).ToDouble());

        Assert.Equal(1, exact == 0 ? 1 + McNemar.PValue(gained, lost) : McNemar.PValue(gained, lost) / exact, 1e-9);
    }
}

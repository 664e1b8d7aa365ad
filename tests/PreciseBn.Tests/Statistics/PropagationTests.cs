using PreciseBn.Statistics;

namespace PreciseBn.Tests;

/// <summary>The formulas behind standard errors, against what they stand for.</summary>
public sealed class PropagationTests
{
    [Fact]
    public void The_sums_over_batches_give_the_spread_around_whatever_the_pooled_values_turn_out_to_be()
    {
        const double Mean = 0.3, Variance = -0.2;
        var random = new Random(3);
        var batches = Enumerable.Range(0, 20).Select(_ => (
            N: (double)random.Next(1, 50), D: random.NextDouble() - 0.5, E: random.NextDouble() - 0.5)).ToArray();
        double Sum(Func<(double N, double D, double E), double> term) => batches.Sum(batch => batch.N * batch.N * term(batch));
        const double Reference = 2;
        const long Count = 100;
        var moments = new LayerMoments
        {
            Batches = batches.Length,
            Uses = batches.Length,
            Count = Count,
            Table = new MomentTable(
            [
                0, 0, Reference, Mean, (Reference + Variance) * Count,
                Sum(_ => 1), Sum(b => b.D), Sum(b => Math.Pow(b.D, 2)), Sum(b => Math.Pow(b.D, 3)), Sum(b => Math.Pow(b.D, 4)),
                Sum(b => b.E), Sum(b => b.E * b.D), Sum(b => b.E * b.D * b.D), Sum(b => b.E * b.E), 0, 0, 0, 0,
            ]),
        };

        var errors = moments.Errors(Estimator.PopulationVariance);

        double Error(Func<(double N, double D, double E), double> square) =>
            Math.Sqrt(Sum(square) * batches.Length / (batches.Length - 1)) / Count;
        Assert.Equal(Error(b => Math.Pow(b.D - Mean, 2)), errors.Mean[0] * Math.Sqrt(Reference + Variance), 1e-9);
        Assert.Equal(
            Error(b => Math.Pow(b.E + Math.Pow(b.D - Mean, 2) - Variance, 2)), errors.LogVariance[0] * (Reference + Variance), 1e-9);
    }

    [Fact]
    public void The_errors_of_a_mixture_follow_from_those_of_its_measured_part()
    {
        const double Weight = 300, MeanError = 0.05, VarianceError = 0.02, Step = 1e-6;
        const long Count = 100;
        (double[] Mean, double[] Variance) prior = ([2], [4]);
        (double[] Mean, double[] Variance) measured = ([5], [9]);
        (double[] Mean, double[] Variance) Mix(double mean, double variance) => Prior.Blend(Weight, prior, Count, ([mean], [variance]));
        var mixture = Mix(5, 9);

        var errors = Prior.Errors(Weight, Count, new StandardErrors([MeanError], [VarianceError]), prior, measured, mixture.Variance);

        // The errors of the measured mean and variance themselves, times what a small change of them does to the mixture.
        var ofMean = MeanError * Math.Sqrt(9);
        var ofVariance = VarianceError * 9;
        var deviation = Math.Sqrt(mixture.Variance[0]);
        Assert.Equal(ofMean * (Mix(5 + Step, 9).Mean[0] - mixture.Mean[0]) / Step / deviation, errors.Mean[0], 1e-6);
        Assert.Equal(double.Hypot(
            ofMean * (Mix(5 + Step, 9).Variance[0] - mixture.Variance[0]) / Step,
            ofVariance * (Mix(5, 9 + Step).Variance[0] - mixture.Variance[0]) / Step) / mixture.Variance[0], errors.LogVariance[0], 1e-6);
    }
}

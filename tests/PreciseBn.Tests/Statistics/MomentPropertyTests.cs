using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using PreciseBn.Statistics;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>
/// The accumulators give the moments of all values, however these are split into batches and in whatever order they come.
/// Values are whole numbers in batches of powers of two, so that the batches' means are exact in float64, and the truth is
/// computed in integers.
/// </summary>
public sealed class MomentPropertyTests
{
    private const double Tolerance = 1e-12;

    // The same in every run, which so fails on a change of the code and on nothing else.
    private const string Draws = "20261125,1";

    [Property(MaxTest = 200, Replay = Draws)]
    public Property Any_split_gives_the_moments_of_all_values() => Prop.ForAll(Samples().ToArbitrary(), sample =>
    {
        var (mean, variance) = Accumulate(sample.Batches);
        var (exactMean, exactVariance) = Exact(sample.Batches.SelectMany(batch => batch));
        return IsClose(exactMean, mean, exactVariance) && IsClose(exactVariance, variance) && variance >= 0;
    });

    [Property(MaxTest = 200, Replay = Draws)]
    public Property Any_order_of_merging_gives_the_same_moments() => Prop.ForAll(Samples().ToArbitrary(), sample =>
    {
        var shuffled = sample.Batches.ToArray();
        new Random(sample.Seed).Shuffle(shuffled);
        var (mean, variance) = Accumulate(sample.Batches);
        var (otherMean, otherVariance) = Accumulate(shuffled);
        return IsClose(mean, otherMean, variance) && IsClose(variance, otherVariance);
    });

    [Property(MaxTest = 50, Replay = Draws)]
    public Property Counts_beyond_32_bits_are_exact() => Prop.ForAll(
        Gen.Choose(1, int.MaxValue).Select(count => (long)count * 3).ArrayOf(20).ToArbitrary(), counts =>
    {
        var layout = new ObservationLayout([1]);
        using var accumulator = new MomentAccumulator(layout, CPU, new() { AllowSingleValues = true });
        foreach (var count in counts)
        {
            using var row = Observations.Of(1, 1, count, ScalarType.Float32);
            accumulator.Add(row);
        }
        accumulator.Merge();
        return accumulator.Read(null).Layers[0].Count == counts.Sum();
    });

    /// <summary>Samples whose mean is up to a million times their deviation.</summary>
    private static Gen<Sample> Samples() =>
        from scale in Gen.Choose(1, 1000)
        from ratio in Gen.Elements(0L, 1, 1000, 1_000_000)
        from seed in Gen.Choose(0, int.MaxValue)
        from sizes in Gen.Choose(0, 6).Select(power => 1 << power).NonEmptyListOf()
        select Sample.Draw(scale, ratio, seed, [.. sizes]);

    private static (double Mean, double Variance) Accumulate(IReadOnlyList<long[]> batches)
    {
        var layout = new ObservationLayout([1]);
        using var accumulator = new MomentAccumulator(layout, CPU, new() { AllowSingleValues = true });
        foreach (var batch in batches)
        {
            var (mean, variance) = Exact(batch);
            using var row = Observations.Of(mean, batch.Length == 1 ? double.NaN : variance * batch.Length / (batch.Length - 1), batch.Length, ScalarType.Float64);
            accumulator.Add(row);
        }
        accumulator.Merge();
        var estimate = accumulator.Read(null).Layers[0].Estimate(Estimator.PopulationVariance);
        return (estimate.Mean[0], estimate.Variance[0]);
    }

    private static (double Mean, double Variance) Exact(IEnumerable<long> values)
    {
        BigInteger count = 0, sum = 0, squares = 0;
        foreach (var value in values)
        {
            count++;
            sum += value;
            squares += (BigInteger)value * value;
        }
        var numerator = (count * squares) - (sum * sum);
        return (Divide(sum, count), Divide(numerator, count * count));
    }

    // 60 bits of the quotient, which is more than a float64 holds.
    private static double Divide(BigInteger numerator, BigInteger denominator) => (double)((numerator << 60) / denominator) / Math.Pow(2, 60);

    // A mean near 0 is judged by the spread of the values that it is made of.
    private static bool IsClose(double expected, double actual, double variance = 0) =>
        Math.Abs(actual - expected) <= Tolerance * Math.Max(Math.Abs(expected), Math.Sqrt(variance));

    private sealed record Sample(int Seed, long[][] Batches)
    {
        public static Sample Draw(int scale, long ratio, int seed, int[] sizes)
        {
            var random = new Random(seed);
            return new Sample(seed, sizes.Select(size =>
                Enumerable.Range(0, size).Select(_ => (ratio * scale) + random.Next(-2 * scale, 2 * scale)).ToArray()).ToArray());
        }
    }
}

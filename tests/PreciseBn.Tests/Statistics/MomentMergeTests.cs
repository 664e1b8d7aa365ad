using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using PreciseBn.Statistics;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>
/// Moments of disjoint batches merge to those of all of them, in any order and any tree of merges. The truth is computed in
/// fractions; values are whole numbers in batches of powers of two, whose means and variances a float64 holds.
/// </summary>
public sealed class MomentMergeTests
{
    private const double Tolerance = 1e-12;

    // Sums of fourth powers cancel where the first of a few small batches is far from the others.
    private const double ErrorTolerance = 1e-11;

    // The same in every run: of some hundred draws by chance one cancels more than that.
    private const string Draws = "20261125,1";

    [Property(MaxTest = 150, Replay = Draws)]
    public Property Any_tree_of_merges_gives_the_exact_statistics() => Prop.ForAll(Samples().ToArbitrary(), sample =>
    {
        var merged = MergeTree(sample);
        var exact = new ExactStatistics(sample.Batches);
        return Agrees(exact.Pooled, merged, Estimator.PopulationVariance) && Agrees(exact.Averaged, merged, Estimator.MeanOfBatchVariance);
    });

    [Property(MaxTest = 150, Replay = Draws)]
    public Property Counts_add_up() => Prop.ForAll(Samples().ToArbitrary(), sample =>
    {
        var merged = MergeTree(sample);
        return (merged.Batches, merged.Uses, merged.Count) == (sample.Batches.Length, sample.Batches.Length, sample.Batches.Sum(batch => batch.LongLength));
    });

    [Fact]
    public void A_shard_that_no_batch_reached_changes_nothing()
    {
        var some = Accumulate([[1, 2], [3, 9]], 0);
        var none = Accumulate([], 0);
        var (before, after) = (new MomentMerge(none), new MomentMerge(some));
        before.Add(some);
        after.Add(none);

        Assert.Equal(some.Table.Values, before.Sum.Table.Values);
        Assert.Equal(some.Table.Values, after.Sum.Table.Values);
        Assert.Equal((2, 4), (before.Sum.Batches, after.Sum.Count));
    }

    [Fact]
    public void How_batches_succeed_each_other_is_not_known_across_shards()
    {
        var (first, second) = (Accumulate([[1, 2]], 0) with { SerialCorrelation = 0.5 }, Accumulate([[5, 9]], 3));
        var merge = new MomentMerge(first);
        Assert.Equal(0.5, merge.Sum.SerialCorrelation);

        merge.Add(second);

        Assert.True(double.IsNaN(merge.Sum.SerialCorrelation));
    }

    [Fact]
    public void What_is_merged_is_left_as_it_was()
    {
        var (first, second) = (Accumulate([[1, 2]], 0), Accumulate([[5, 9]], 3));
        var (firstTable, secondTable) = (first.Table.Copy().Values, second.Table.Copy().Values);

        new MomentMerge(first).Add(second);

        Assert.Equal(firstTable, first.Table.Values);
        Assert.Equal(secondTable, second.Table.Values);
    }

    /// <summary>Batches dealt out to shards, with a mean of up to a million deviations, and observed from near it or from 0.</summary>
    private static Gen<Sample> Samples() =>
        from scale in Gen.Choose(1, 1000)
        from ratio in Gen.Elements(0L, 1, 1000, 1_000_000)
        from seed in Gen.Choose(0, int.MaxValue)
        from shards in Gen.Choose(1, 8)
        from sizes in Gen.Choose(0, 5).Select(power => 1 << power).ListOf()
        select Sample.Draw(scale, ratio, seed, shards, [1, 2, .. sizes]);

    private static LayerMoments MergeTree(Sample sample)
    {
        var random = new Random(sample.Seed);
        var parts = sample.Shards.Select(batches => Accumulate(batches, sample.Origin)).ToList();
        while (parts.Count > 1)
        {
            var merge = new MomentMerge(TakeAny(parts, random));
            merge.Add(TakeAny(parts, random));
            parts.Add(merge.Sum);
        }
        return parts[0];
    }

    private static LayerMoments TakeAny(List<LayerMoments> parts, Random random)
    {
        var index = random.Next(parts.Count);
        var part = parts[index];
        parts.RemoveAt(index);
        return part;
    }

    private static LayerMoments Accumulate(IReadOnlyList<long[]> batches, long origin)
    {
        var layout = new ObservationLayout([1]);
        using var scope = NewDisposeScope();
        using var accumulator = new MomentAccumulator(layout, CPU, new() { AllowSingleValues = true });
        foreach (var batch in batches)
        {
            var mean = batch.Average(value => (double)(value - origin));
            var squares = batch.Sum(value => (value - origin - mean) * (value - origin - mean));
            accumulator.Add(Observations.Of(mean, squares / Math.Max(1, batch.Length - 1), batch.Length, ScalarType.Float64));
        }
        accumulator.Merge();
        return accumulator.Read([origin, .. new double[layout.Width - 1]]).Layers[0];
    }

    // The squares of standard errors are compared: where batches do not differ, rounding of the square alone is 1e-8 of the root.
    private static bool Agrees((double Mean, double Variance, double MeanError, double VarianceError) exact, LayerMoments merged, Estimator estimator)
    {
        var (mean, variance) = merged.Estimate(estimator);
        var errors = merged.Errors(estimator);
        return IsClose(exact.Mean, mean[0], Math.Sqrt(exact.Variance))
            && IsClose(exact.Variance, variance[0], 0)
            && (exact.Variance == 0
                || (IsClose(exact.MeanError * exact.MeanError, errors.Mean[0] * errors.Mean[0], 0.01, ErrorTolerance)
                    && IsClose(exact.VarianceError * exact.VarianceError, errors.LogVariance[0] * errors.LogVariance[0], 0.01, ErrorTolerance)));
    }

    private static bool IsClose(double expected, double actual, double scale, double tolerance = Tolerance) =>
        Math.Abs(actual - expected) <= tolerance * Math.Max(Math.Abs(expected), scale);

    private sealed record Sample(int Seed, long Origin, long[][][] Shards)
    {
        public long[][] Batches => Shards.SelectMany(batches => batches).ToArray();

        public static Sample Draw(int scale, long ratio, int seed, int shards, int[] sizes)
        {
            var random = new Random(seed);
            var batches = sizes.Select(size =>
                Enumerable.Range(0, size).Select(_ => (ratio * scale) + random.Next(-2 * scale, 2 * scale)).ToArray()).ToArray();
            var origin = random.Next(2) * ratio * scale;
            return new Sample(seed, origin, batches.GroupBy(_ => random.Next(shards)).Select(shard => shard.ToArray()).ToArray());
        }
    }
}

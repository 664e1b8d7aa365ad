using PreciseBn.Batches;
using static TorchSharp.torch;

namespace PreciseBn.Tests.Support;

/// <summary>Short ways to measure and merge shards of the fixtures.</summary>
internal static class Shards
{
    // Batches that hardly differ leave few digits to a standard error, which counts in deviations.
    private const double SmallError = 1e-3;

    public static IReadOnlyList<PartialBnStat> Measure(string model, IBatchSource data, string shard, ShardOptions? options = null) =>
        Runs.MeasureShard(Runs.Read(model).Layers, data, (options ?? new()) with { Shard = DataShard.Parse(shard) });

    public static IReadOnlyList<PartialBnStat>[] MeasureAll(string model, IBatchSource data, int count, ShardOptions? options = null) =>
        Enumerable.Range(1, count).Select(index => Measure(model, data, $"{index}/{count}", options)).ToArray();

    public static BnMerger Merge(IEnumerable<PartialBnStat> partials)
    {
        var merger = new BnMerger();
        foreach (var partial in partials)
            merger.Add(partial);
        return merger;
    }

    /// <summary>All batches that the shards consist of, the last shard first, as tensors of the caller.</summary>
    public static Tensor[] BatchesOf(IShardableBatchSource data, int count) => Enumerable.Range(1, count).Reverse()
        .SelectMany(index => data.Shard(DataShard.Parse($"{index}/{count}")).Read(default).Select(batch => batch.Inputs[0])).ToArray();

    /// <summary>Asserts that statistics and standard errors are the same within 1e-12.</summary>
    public static void AssertSame(IReadOnlyList<BnStat> expected, IReadOnlyList<BnStat> actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Select(Counts), actual.Select(Counts));
        foreach (var (one, other) in expected.Zip(actual))
        {
            for (var channel = 0; channel < one.Channels; channel++)
            {
                AssertClose(one.Mean[channel], other.Mean[channel], Math.Sqrt(one.Variance[channel]));
                AssertClose(one.Variance[channel], other.Variance[channel], 0);
                AssertClose(one.MeanStandardError[channel], other.MeanStandardError[channel], SmallError);
                AssertClose(one.LogVarianceStandardError[channel], other.LogVarianceStandardError[channel], SmallError);
            }

            void AssertClose(double wanted, double given, double scale)
            {
                // Of the error of one batch nothing is known.
                if (double.IsNaN(wanted))
                    Assert.True(double.IsNaN(given));
                else
                    Assert.Equal(wanted, given, tolerance * Math.Max(Math.Abs(wanted), scale));
            }
        }
    }

    private static (string, Estimator, long, long, long, long?) Counts(BnStat stat) =>
        (stat.Name, stat.Estimator, stat.Batches, stat.Uses, stat.Count, stat.BatchesTracked);
}

namespace PreciseBn.Benchmarks;

/// <summary>The middle of repeated measurements, which a busy moment does not move.</summary>
internal static class Median
{
    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The median time of some work, in seconds.</summary>
    public static double Seconds(int repetitions, Action work) => Of(Enumerable.Range(0, repetitions).Select(_ =>
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        work();
        return clock.Elapsed.TotalSeconds;
    }).ToArray());
}

namespace PreciseBn.Tests.Support;

/// <summary>
/// Statistics of whole numbers in batches, and their standard errors as README and "Rethinking 'Batch' in BatchNorm" define
/// them, in fractions until the end. Standard errors are in deviations, and of the logarithm of the variance.
/// </summary>
internal sealed class ExactStatistics
{
    public ExactStatistics(IReadOnlyList<long[]> batches)
    {
        var all = batches.SelectMany(batch => batch).ToArray();
        var mean = Mean(all);
        var variance = SquaresAround(mean, all) / all.LongLength;
        Pooled = Describe(mean, variance, Spread(batches, all.LongLength, batch => Mean(batch) - mean),
            Spread(batches, all.LongLength, batch => (SquaresAround(mean, batch) / batch.LongLength) - variance));

        var means = batches.Select(Mean).ToArray();
        var variances = batches.Select(batch => SquaresAround(Mean(batch), batch) / Math.Max(1, batch.LongLength - 1)).ToArray();
        var (averageMean, averageVariance) = (Average(means), Average(variances));
        Averaged = Describe(averageMean, averageVariance, SpreadOfAverage(means, averageMean), SpreadOfAverage(variances, averageVariance));
    }

    /// <summary>For all values pooled.</summary>
    public (double Mean, double Variance, double MeanError, double VarianceError) Pooled { get; }

    /// <summary>For the average of the batches' statistics.</summary>
    public (double Mean, double Variance, double MeanError, double VarianceError) Averaged { get; }

    private static Rational Mean(long[] values) => Rational.Sum(values.Select(value => (Rational)value)) / values.LongLength;

    private static Rational SquaresAround(Rational mean, long[] values) =>
        Rational.Sum(values.Select(value => (value - mean) * (value - mean)));

    private static Rational Average(Rational[] values) => Rational.Sum(values) / values.LongLength;

    // A ratio estimator, clustered by batch: each batch counts with the square of its share of the values.
    private static Rational Spread(IReadOnlyList<long[]> batches, long count, Func<long[], Rational> residual) =>
        Rational.Sum(batches.Select(batch =>
        {
            var weighted = residual(batch) * batch.LongLength / count;
            return weighted * weighted;
        })) * batches.Count / Math.Max(1, batches.Count - 1);

    private static Rational SpreadOfAverage(Rational[] values, Rational average) =>
        Rational.Sum(values.Select(value => (value - average) * (value - average))) / values.LongLength / Math.Max(1, values.LongLength - 1);

    private static (double, double, double, double) Describe(Rational mean, Rational variance, Rational meanSpread, Rational varianceSpread) => (
        mean.ToDouble(), variance.ToDouble(), Math.Sqrt(meanSpread.ToDouble() / variance.ToDouble()), Math.Sqrt(varianceSpread.ToDouble()) / variance.ToDouble());
}

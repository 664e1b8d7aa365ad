using PreciseBn.Statistics;

namespace PreciseBn.Comparison;

/// <summary>What running data through a model says of its layers.</summary>
internal static class DataFindings
{
    // Beyond these a difference is certain, given the errors; what matters for the model is judged by its size.
    private const double CertainInErrors = 4;

    /// <param name="stat">The layer as measured, beside what it has.</param>
    public static IEnumerable<BnFinding> Of(BnStat stat)
    {
        if (stat.Batches == 0)
        {
            yield return BnFinding.About(stat, FindingSeverity.Warning, FindingKind.NeverReached,
                "No batch of the data reached the layer.", "Give data that take this way through the model, or leave the layer as it is.");
            yield break;
        }
        if (stat.Uses > stat.Batches)
            yield return BnFinding.About(stat, FindingSeverity.Warning, FindingKind.Reused,
                $"The layer ran {stat.Uses} times in {stat.Batches} batches, so that its statistics are those of several places.",
                "Give each place a layer of its own; until then its reuse has to be allowed when statistics are recomputed.");
        var shift = Distance.Largest(stat.Channels, channel => Shift(stat, channel));
        var ratio = Distance.Largest(stat.Channels, channel => Ratio(stat, channel));
        if (DriftSeverity.Of(shift, ratio) is var severity and not FindingSeverity.Information)
            yield return BnFinding.About(stat, severity, FindingKind.Stale,
                FormattableString.Invariant($"The statistics differ from those of the data by up to {shift:0.00} standard deviations in the mean and a factor of {ratio:0.00} in the variance."),
                "If these are data the model is for, recompute the statistics.");
    }

    /// <param name="result">What measuring gave.</param>
    public static IEnumerable<BnFinding> OfData(BnResult result)
    {
        if (result is { IsScaledOtherwise: true, InputScale: { } scale })
            yield return BnFinding.About(result.Layers[0].Path, result.Layers[0].Program, "", FindingSeverity.Error, FindingKind.ScaledOtherwise,
                FormattableString.Invariant($"The numbers of the data have the mean {scale.Mean:0.##} and the deviation {scale.Deviation:0.##}, and most channels of the first layer move far: the model was trained on data of another scale."),
                "Normalise the data as in training.");
    }

    /// <param name="stats">The layers as measured.</param>
    public static IEnumerable<BnFinding> OfModel(IReadOnlyList<BnStat> stats)
    {
        var skipped = stats.Max(stat => stat.SkippedBatches);
        if (IsOrdered(stats))
            yield return BnFinding.About(stats[0].Path, stats[0].Program, "", FindingSeverity.Warning, FindingKind.OrderedData,
                "Successive batches are alike: the data have an order, so that a part of them does not stand for all, and standard errors are too small.",
                "Shuffle the data, or use all of them.");
        if (skipped > 0)
            yield return BnFinding.About(stats[0].Path, stats[0].Program, "", FindingSeverity.Error, FindingKind.NonFiniteData,
                $"{skipped} batches gave NaN or infinity.", "Look at these data and their normalisation; recomputing the statistics without skipping batches names the first layer and batch.");
    }

    /// <summary>Whether batches were plainly not drawn at random, by the layer that the data reach first.</summary>
    public static bool IsOrdered(IReadOnlyList<BnStat> stats) =>
        stats.Any(stat => SerialCorrelation.IsPlain(stat.SerialCorrelation, stat.Batches));

    /// <summary>
    /// Whether most channels of a layer have moved far from what training left, as they do where the numbers that come in are scaled
    /// otherwise: by as much as a deviation, or so that variances change by a factor of 3.
    /// </summary>
    public static bool MovesAsAWhole(BnStat stat)
    {
        if (stat.Batches == 0 || StatisticsFindings.AreThoseOfANewLayer(stat.PreviousMean, stat.PreviousVariance))
            return false;
        return Median(stat.Channels, channel => Distance.MeanShift(stat.PreviousMean[channel], stat.PreviousVariance[channel], stat.Mean[channel], stat.Eps)) > 1
            || Median(stat.Channels, channel => Distance.VarianceRatio(stat.PreviousVariance[channel], stat.Variance[channel], stat.Eps)) > 3;
    }

    private static double Median(int channels, Func<int, double> value) => Enumerable.Range(0, channels).Select(value).Order().ElementAt(channels / 2);

    // Without an error (of a single batch) nothing is certain.
    private static double Shift(BnStat stat, int channel)
    {
        var error = stat.MeanStandardError[channel] * Math.Sqrt(stat.Variance[channel]);
        return Math.Abs(stat.Mean[channel] - stat.PreviousMean[channel]) <= CertainInErrors * error || double.IsNaN(error)
            ? 0
            : Distance.MeanShift(stat.PreviousMean[channel], stat.PreviousVariance[channel], stat.Mean[channel], stat.Eps);
    }

    private static double Ratio(BnStat stat, int channel)
    {
        var ratio = Distance.VarianceRatio(stat.PreviousVariance[channel], stat.Variance[channel], stat.Eps);
        var error = stat.LogVarianceStandardError[channel];
        return Math.Log(ratio) <= CertainInErrors * error || double.IsNaN(error) ? 1 : ratio;
    }
}

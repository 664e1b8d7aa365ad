using PreciseBn.Comparison;
using PreciseBn.Primitives;
using PreciseBn.Statistics;

namespace PreciseBn;

/// <summary>Judges whether statistics have moved further than they may, noise apart.</summary>
public static class BnGate
{
    /// <summary>
    /// The probability that noise alone takes any least distance of any layer above zero, if it is normally distributed. No
    /// more than one run in a hundred is to fail on unchanged data, whatever the thresholds; the rest of this is for noise
    /// that is not.
    /// </summary>
    public const double Risk = 0.002;

    /// <summary>Compares layers with those of a reference and judges each.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="difference">
    /// What is compared with it. The sampling errors are those of <see cref="BnStat"/> on either side. Where one side has none,
    /// they are taken to be those of the other; where both have none, nothing is corrected.
    /// </param>
    /// <param name="thresholds">What is allowed.</param>
    /// <returns>One verdict a layer; one that is missing on a side does not pass.</returns>
    /// <exception cref="PreciseBnException">
    /// Neither side has a layer; a layer differs in its number of channels, or was measured on a single batch, which says
    /// nothing of its error.
    /// </exception>
    public static IReadOnlyList<BnVerdict> Judge(
        IReadOnlyList<ILayerStatistics> reference, IReadOnlyList<ILayerStatistics> difference, BnThresholds thresholds)
    {
        if (reference.Concat(difference).OfType<BnStat>().FirstOrDefault(stat => stat.Batches == 1) is { } single)
            throw SingleBatch(single);
        var comparisons = BnComparer.Match(reference, difference).Select(pair => (pair, Measured: BnComparer.Compare(pair))).ToArray();
        if (comparisons.Length == 0)
            throw NothingToJudge();
        // Each channel has a mean and a variance that may be off.
        var chances = 2.0 * comparisons.Where(item => item.Measured.Presence == Presence.Both).Sum(item => item.Measured.Channels);
        return comparisons.Select(item => Judge(item.pair, item.Measured, Risk / chances, thresholds)).ToArray();
    }

    private static BnVerdict Judge(LayerPair pair, BnComparison measured, double risk, BnThresholds thresholds)
    {
        if (pair is not { Reference: { } reference, Difference: { } difference })
            return new BnVerdict(measured, $"The layer is on the side of the {(pair.Reference is null ? "difference" : "reference")} only.");
        var noise = SamplingNoise.Between(reference, difference, risk);
        var least = BnComparer.Compare(new LayerPair(reference, ClosestStatistics.Find(reference, difference, noise)));
        var reason = WhatIsExceeded(least, thresholds);
        var (shift, ratio) = (MeanNoise(), Math.Exp(Distance.Largest(noise.LogVariance)));
        return new BnVerdict(measured, reason)
        {
            IsConclusive = reason.Length > 0 || (shift <= thresholds.MeanShift && ratio <= thresholds.VarianceRatio),
            LeastMeanShift = least.MeanShift,
            LeastVarianceRatio = least.VarianceRatio,
            LeastDivergence = least.Divergence,
            MeanShiftNoise = shift,
            VarianceRatioNoise = ratio,
        };

        double MeanNoise() => Distance.Largest(measured.Channels, channel => StandardErrors.Relative(noise.Mean[channel], Math.Sqrt(reference.Variance[channel])));
    }

    // NaN is below no threshold, so that it does not pass.
    private static string WhatIsExceeded(BnComparison least, BnThresholds thresholds) =>
        !(least.MeanShift <= thresholds.MeanShift) ? FormattableString.Invariant($"A mean has moved by at least {least.MeanShift:0.###} deviations, above {thresholds.MeanShift}.")
        : !(least.VarianceRatio <= thresholds.VarianceRatio) ? FormattableString.Invariant($"A variance has changed by a factor of at least {least.VarianceRatio:0.###}, above {thresholds.VarianceRatio}.")
        : !(least.Divergence <= thresholds.Divergence) ? FormattableString.Invariant($"The channels diverge by at least {least.Divergence:0.####} nats on average, above {thresholds.Divergence}.")
        : "";

    private static PreciseBnException NothingToJudge() => new(
        "NothingToJudge", ErrorKind.InvalidData, "Neither side has a BatchNorm layer.", "Check what is compared with what.");

    private static PreciseBnException SingleBatch(BnStat stat) => new(
        "SingleBatch", ErrorKind.InvalidData,
        $"The layer '{stat.Name}' was measured on one batch, which says nothing of its sampling error.",
        "Measure it on more batches, or split the data into smaller ones.", stat.Name);
}

/// <summary>How far statistics may move before a gate closes. A layer passes if it is above none of them.</summary>
/// <remarks>The defaults are where <see cref="DriftSeverity"/> speaks of an error.</remarks>
public sealed record BnThresholds
{
    /// <summary>The largest change of a channel's mean that is allowed, in deviations of the reference.</summary>
    public double MeanShift { get; init; } = DriftSeverity.VeryLargeMeanShift;

    /// <summary>The largest ratio of a channel's variances that is allowed, at least 1.</summary>
    public double VarianceRatio { get; init; } = DriftSeverity.VeryLargeVarianceRatio;

    /// <summary>The largest divergence that is allowed, in nats, as the mean over the channels of a layer.</summary>
    public double Divergence { get; init; } = 0.05;
}

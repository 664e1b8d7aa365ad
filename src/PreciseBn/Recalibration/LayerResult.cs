using System.Numerics;
using PreciseBn.Batches;
using PreciseBn.Comparison;
using PreciseBn.Statistics;

namespace PreciseBn.Recalibration;

/// <summary>The moments of a layer, and what is needed to make statistics of them.</summary>
internal sealed record LayerResult
{
    public required string Name { get; init; }

    public IReadOnlyList<string> Aliases { get; init; } = [];

    public required string Type { get; init; }

    /// <summary>What it adds to its variance; NaN where that is not known.</summary>
    public double Eps { get; init; } = double.NaN;

    /// <summary>What the layer had before, mean and variance of shape [C] each.</summary>
    public required (double[] Mean, double[] Variance) Previous { get; init; }

    /// <summary>Its own count of batches before.</summary>
    public required long? BatchesTracked { get; init; }

    public required LayerMoments Moments { get; init; }

    /// <summary>The moments on the way there, where that was asked for.</summary>
    public IReadOnlyList<LayerMoments> Looks { get; init; } = [];

    /// <summary>Number of batches that were run, with those that were skipped.</summary>
    public required long TotalBatches { get; init; }

    /// <summary>Items of a last batch that was too small to have a variance.</summary>
    public long ItemsLeftOut { get; init; }

    /// <summary>How the data are scaled, of the layer that they reach first.</summary>
    public InputScale? InputScale { get; init; }

    public required long SkippedBatches { get; init; }

    public required StopReason StoppedBy { get; init; }

    /// <summary>What one of the layers that were observed has seen.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="index">Its place among those that were observed.</param>
    /// <param name="measured">What all of them have seen.</param>
    public static LayerResult Of(BnModule layer, int index, MeasurementResult measured) => new()
    {
        Name = layer.Name,
        Aliases = layer.Aliases,
        Type = layer.Type,
        Eps = layer.Eps,
        Previous = (layer.Mean, layer.Variance),
        BatchesTracked = layer.BatchesTracked,
        Moments = measured.Totals.Layers[index],
        Looks = measured.Looks.Select(look => look.Layers[index]).ToArray(),
        TotalBatches = measured.Totals.Batches,
        SkippedBatches = measured.Totals.Skipped,
        ItemsLeftOut = measured.ItemsLeftOut,
        InputScale = measured.Entrance?.Of(layer.Name),
        StoppedBy = measured.StoppedBy,
    };

    /// <summary>The statistics that the layer is to normalise by; one that no batch reached keeps those it had.</summary>
    public (double[] Mean, double[] Variance) Settle(MeasureOptions options) =>
        Moments.Batches > 0 ? Blend(options.Estimators[0], options.PriorWeight) : Previous;

    /// <summary>Mean and variance, mixed with what the layer had before.</summary>
    /// <param name="estimator">How they are estimated. At least one batch must have reached the layer.</param>
    /// <param name="priorWeight">How many values the earlier statistics count as.</param>
    public (double[] Mean, double[] Variance) Blend(Estimator estimator, double priorWeight) =>
        Prior.Blend(priorWeight, Previous, Moments.Count, Moments.Estimate(estimator));

    /// <summary>The statistics; a layer that no batch reached keeps those it had.</summary>
    /// <param name="estimator">How they are estimated.</param>
    /// <param name="priorWeight">How many values the earlier statistics count as.</param>
    /// <param name="path">The file that holds them, or is to.</param>
    public BnStat ToStat(Estimator estimator, double priorWeight, string? path)
    {
        var isReached = Moments.Batches > 0;
        var (mean, variance) = isReached ? Blend(estimator, priorWeight) : Previous;
        var errors = isReached ? Errors(estimator, priorWeight, variance) : StandardErrors.Unknown(mean.Length);
        return new BnStat
        {
            Name = Name,
            Aliases = Aliases,
            Type = Type,
            Eps = Eps,
            Batches = Moments.Batches,
            Uses = Moments.Uses,
            Count = Moments.Count,
            BatchesTracked = BatchesTracked + Moments.Batches,
            Mean = mean,
            Variance = variance,
            PreviousMean = Previous.Mean,
            PreviousVariance = Previous.Variance,
            MeanStandardError = errors.Mean,
            LogVarianceStandardError = errors.LogVariance,
            SerialCorrelation = Moments.SerialCorrelation,
            Convergence = isReached && Looks.Count > 0 ? Convergence.Of(Looks, Moments, estimator, Eps) : [],
            SkippedBatches = SkippedBatches,
            ItemsLeftOut = ItemsLeftOut,
            InputScale = InputScale,
            StoppedBy = StoppedBy,
            Estimator = estimator,
            Path = path,
        };
    }

    private StandardErrors Errors(Estimator estimator, double priorWeight, double[] variance) => Prior.Errors(
        priorWeight, Moments.Count, Moments.Errors(estimator), Previous, Moments.Estimate(estimator), variance);
}

/// <summary>How the statistics of a layer came close to those in the end.</summary>
internal static class Convergence
{
    /// <summary>Whether moments are kept after so many batches: after 1, 2, 4, 8 and so on, evenly on the scale on which errors fall.</summary>
    public static bool IsDue(long batches) => BitOperations.IsPow2(batches);

    /// <param name="looks">The moments of the layer after some batches, more each time.</param>
    /// <param name="last">Those in the end.</param>
    /// <param name="estimator">How statistics are made of them.</param>
    /// <param name="eps">What the layer adds to its variance.</param>
    public static ConvergencePoint[] Of(IReadOnlyList<LayerMoments> looks, LayerMoments last, Estimator estimator, double eps)
    {
        var end = last.Estimate(estimator);
        return looks.Append(last).Where(look => look.Batches > 0).DistinctBy(look => look.Batches)
            .Select(look => Point(look, look.Estimate(estimator), end, look.Errors(estimator), eps)).ToArray();
    }

    private static ConvergencePoint Point(
        LayerMoments look, (double[] Mean, double[] Variance) now, (double[] Mean, double[] Variance) end, StandardErrors errors, double eps) => new(
            look.Batches,
            Distance.Largest(errors.Mean),
            Distance.Largest(errors.LogVariance),
            Distance.Largest(look.Channels, channel => Distance.MeanShift(end.Mean[channel], end.Variance[channel], now.Mean[channel], eps)),
            Math.Log(Distance.Largest(look.Channels, channel => Distance.VarianceRatio(end.Variance[channel], now.Variance[channel], eps))));
}

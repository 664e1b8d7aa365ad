using PreciseBn.Primitives;

namespace PreciseBn.Comparison;

/// <summary>What a model as a whole says, without its numbers and without data.</summary>
internal static class ModelFindings
{
    public static IEnumerable<BnFinding> Of(string? path, string? program, int layers, string contents, IEnumerable<string> untracked, IEnumerable<string> unaccounted, IEnumerable<string> beyondNumbers)
    {
        if (layers == 0)
            yield return BnFinding.About(path, program, "", FindingSeverity.Warning, FindingKind.NoBatchNorm,
                $"There is no BatchNorm layer with tracked statistics; the file {contents}.",
                "If they were folded into other layers, recompute the statistics before that.");
        foreach (var name in beyondNumbers)
            yield return BnFinding.About(path, program, "", FindingSeverity.Error, FindingKind.BeyondNumbers,
                $"The code of the model calls aten::{name}, which reads or writes files.",
                "Do not run the model unless you trust it; it is refused unless that operator is allowed by its name.");
        foreach (var call in unaccounted)
            yield return BnFinding.About(path, program, "", FindingSeverity.Warning, FindingKind.Unaccounted, call,
                "Export the model so that each BatchNorm keeps its statistics in buffers of its own.");
        foreach (var name in untracked)
            yield return BnFinding.About(path, program, name, FindingSeverity.Information, FindingKind.Untracked,
                "The layer keeps no statistics and normalises by those of each batch.",
                "Its results depend on the batch; train it with track_running_stats to change that.");
    }
}

/// <summary>What the statistics of a layer say by themselves.</summary>
internal static class StatisticsFindings
{
    private const double DeadShareOfEps = 1e-3;
    private const double FarInDeviations = 100;
    private const double LargestHalf = 65504;
    private const double SmallestNormalHalf = 6.1e-5;

    public static IEnumerable<BnFinding> Of(BnModule layer)
    {
        if (layer.Mean.Concat(layer.Variance).Any(value => !double.IsFinite(value)))
        {
            yield return BnFinding.About(layer, FindingSeverity.Error, FindingKind.NonFinite,
                $"{Count(layer, channel => !double.IsFinite(layer.Mean[channel] + layer.Variance[channel]))} have a mean or variance that is NaN or infinite.",
                "Recompute the statistics; if that fails too, look for NaN in the weights before the layer.");
            yield break;
        }
        if (layer.Variance.Any(value => value < 0))
            yield return BnFinding.About(layer, FindingSeverity.Error, FindingKind.NegativeVariance,
                $"{Count(layer, channel => layer.Variance[channel] < 0)} have a negative variance, as the difference of large squares gives.",
                "Recompute the statistics.");
        if (AreThoseOfANewLayer(layer.Mean, layer.Variance) && layer.BatchesTracked is null or 0)
            yield return BnFinding.About(layer, FindingSeverity.Error, FindingKind.NeverTrained,
                "The statistics are those of a new layer: mean 0, variance 1.", "Recompute them.");
        else if (IsDead(layer) is { } dead)
            yield return BnFinding.About(layer, FindingSeverity.Warning, FindingKind.DeadChannels,
                $"{dead} hardly vary: a variance of less than a thousandth of eps.", "They carry nothing and can be pruned; if they should, look at the weights before the layer.");
        if (layer.Mean.Zip(layer.Variance).Any(channel => IsFar(layer, channel.First, channel.Second)))
            yield return BnFinding.About(layer, FindingSeverity.Warning, FindingKind.FarMean,
                $"{Count(layer, channel => IsFar(layer, layer.Mean[channel], layer.Variance[channel]))} have a mean of more than {FarInDeviations} deviations, where float32 loses digits.",
                "Recompute the statistics, which keeps them; consider normalising the inputs of the model.");
        if (layer.Momentum == 0 && layer.Training)
            yield return BnFinding.About(layer, FindingSeverity.Warning, FindingKind.ZeroMomentum,
                "The momentum is 0, so that training leaves the statistics as they are.", "Set a momentum before training goes on, or None for a cumulative average.");
        if (HasLostRange(layer))
            yield return BnFinding.About(layer, FindingSeverity.Warning, FindingKind.LostRange,
                $"Some variances are at the end of what {layer.DType} can hold.", "Keep the buffers of BatchNorm layers in float32.");
    }

    /// <summary>Whether nothing has moved them yet.</summary>
    public static bool AreThoseOfANewLayer(double[] mean, double[] variance) => mean.All(value => value == 0) && variance.All(value => value == 1);

    private static string? IsDead(BnModule layer)
    {
        bool Hardly(int channel) => layer.Variance[channel] >= 0 && layer.Variance[channel] < DeadVariance(layer);
        return Enumerable.Range(0, layer.Channels).Any(Hardly) ? Count(layer, Hardly) : null;
    }

    private static double DeadVariance(BnModule layer) => DeadShareOfEps * Distance.Known(layer.Eps);

    private static bool IsFar(BnModule layer, double mean, double variance) =>
        variance > DeadVariance(layer) && mean * mean > FarInDeviations * FarInDeviations * variance;

    private static bool HasLostRange(BnModule layer) => layer.DType == DType.Float16
        && layer.Variance.Any(value => value is >= LargestHalf or (> 0 and < SmallestNormalHalf));

    private static string Count(BnModule layer, Func<int, bool> isSo) =>
        $"{Enumerable.Range(0, layer.Channels).Count(isSo)} of {layer.Channels} channels";
}

using PreciseBn.Statistics;

namespace PreciseBn.Sharding;

/// <summary>Says which numbers of partial statistics cannot be, wherever they come from.</summary>
internal static class PartialNumbers
{
    private static readonly MomentRow[] NeverNegative =
        [MomentRow.ReferenceVariance, MomentRow.SquaredDeviations, MomentRow.Weights, MomentRow.WeightedD2, MomentRow.WeightedD4, MomentRow.WeightedE2, MomentRow.D2, MomentRow.U2];

    /// <returns>What cannot be, as a part of a sentence; <c>null</c> if nothing is wrong.</returns>
    public static string? WhatIsWrong(PartialBnStat partial)
    {
        if (partial.Moments.Length == 0 || partial.Moments.Length % MomentTable.Rows != 0)
            return $"its moments of the layer '{partial.Name}' are {partial.Moments.Length} numbers, no multiple of {MomentTable.Rows}";
        var table = new MomentTable(partial.Moments);
        if (partial.PreviousMean.Length != table.Channels || partial.PreviousVariance.Length != table.Channels)
            return $"its statistics of the layer '{partial.Name}' differ in size";
        if (partial.Batches > partial.TotalBatches || partial.Uses < partial.Batches || partial.Count < partial.Batches
            || partial.Batches == 0 != (partial.Count == 0) || partial.SkippedBatches > partial.TotalBatches)
            return $"its counts of the layer '{partial.Name}' contradict each other";
        if (partial.Moments.Any(value => !double.IsFinite(value)))
            return $"its moments of the layer '{partial.Name}' have NaN or infinity";
        if (NeverNegative.Any(row => table[row].ContainsAnyInRange(double.MinValue, -double.Epsilon)))
            return $"its moments of the layer '{partial.Name}' have a negative sum of squares";
        return partial.Batches > 0 && table[MomentRow.Weights].Contains(0)
            ? $"its moments of the layer '{partial.Name}' are those of no batch"
            : null;
    }
}

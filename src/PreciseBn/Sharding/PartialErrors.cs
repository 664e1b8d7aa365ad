using PreciseBn.Primitives;
using PreciseBn.Statistics;

namespace PreciseBn.Sharding;

/// <summary>What can be wrong when partial statistics are measured, kept and merged.</summary>
internal static class PartialErrors
{
    private const string NothingMerged = "nothing was merged";

    public static PreciseBnException DataNameNeeded(string checkpoint) => new(
        "DataNameNeeded", ErrorKind.InvalidArgument,
        $"The data do not say what they are, so that it cannot be told whether the checkpoint '{checkpoint}' is of the same data.",
        "Give the data a name, another one for other data.", checkpoint);

    public static PreciseBnException NothingGiven() => new(
        "NothingGiven", ErrorKind.InvalidArgument, "No partial statistics were given.", "Give those of one shard at least.");

    public static PreciseBnException SeveralRuns(string layer) => new(
        "LayerGivenTwice", ErrorKind.InvalidArgument,
        $"Partial statistics of the layer '{layer}' were given twice.", "Write those of each shard to a file of its own.", layer);

    public static PreciseBnException NotAPartial(string path) => new(
        "NotAPartial", ErrorKind.InvalidData,
        $"'{path}' holds no partial statistics, or has lost its beginning.", "Give a file that partial statistics were written to.", path);

    public static PreciseBnException Unfinished(string path, PartialBnStat partial) => new(
        "UnfinishedPartial", ErrorKind.InvalidData,
        $"'{path}' is unfinished: the measurement of shard {partial.Shards[0]} has come no further than {partial.TotalBatches} batches.",
        "Measure again with the same options to let it go on.", path);

    public static PreciseBnException OtherArguments(string path, string name, string then, string now) => new(
        "CheckpointOfOtherRun", ErrorKind.Conflict,
        $"'{path}' is the checkpoint of a run with other options: {name} was '{then}' there, and is '{now}' now; it was left as it is.",
        "Give the same options to go on, or another checkpoint to start anew.", path);

    public static PreciseBnException ModelsDiffer(string one, PartialBnStat its, string other, PartialBnStat others) => new(
        "ModelsDiffer", ErrorKind.InvalidData,
        $"{other} was measured on another model{In(others)} than {one}{In(its)}; {NothingMerged}.",
        "Merge partial statistics of one model only.", others.Path);

    public static PreciseBnException CallsDiffer(string one, string its, string other, string others) => new(
        "CallsDiffer", ErrorKind.InvalidData,
        $"{other} is of the call {others} of the model, but {one} of {its}; {NothingMerged}.",
        "Measure all shards with the same method and arguments.", other);

    public static PreciseBnException LimitsDiffer(string one, PartialBnStat its, string other, PartialBnStat others) => new(
        "LimitsDiffer", ErrorKind.InvalidData,
        $"{other} was measured on {others.Limits}, but {one} on {its.Limits}; {NothingMerged}.",
        "Measure all shards with the same number of batches and the same tolerance.", other);

    public static PreciseBnException PrecisionsDiffer(string one, string other, bool isRounded) => new(
        "PrecisionsDiffer", ErrorKind.InvalidData,
        $"{other} was measured {(isRounded ? "with" : "without")} TF32, but {one} {(isRounded ? "without" : "with")} it; {NothingMerged}.",
        "Measure all shards with the same precision.", other);

    public static PreciseBnException EstimatorsDiffer(string one, IEnumerable<Estimator> its, string other, IEnumerable<Estimator> others) => new(
        "EstimatorsDiffer", ErrorKind.InvalidData,
        $"{other} is for the estimator {string.Join(", ", others)}, but {one} for {string.Join(", ", its)}; {NothingMerged}.",
        "Measure all shards for the same estimators.", other);

    public static PreciseBnException LayersDiffer(string one, string other, string layer) => new(
        "LayersDiffer", ErrorKind.InvalidData,
        $"The layer '{layer}' is not the same in {one} and {other}, or in one of them only; {NothingMerged}.",
        "Measure the same layers in all shards.", layer);

    public static PreciseBnException ShardsDiffer(string one, ShardLabel its, string other, ShardLabel others) => new(
        "ShardsDiffer", ErrorKind.InvalidData,
        $"{other} is shard {others}, but {one} is shard {its}, so that they may overlap; {NothingMerged}.",
        "Divide the same data in the same way in all processes.", other);

    public static PreciseBnException OtherCount(string one, ShardLabel its, int count) => new(
        "ShardsDiffer", ErrorKind.InvalidData,
        $"{one} is shard {its}, but there are to be {count} shards; {NothingMerged}.",
        "Give the number of shards that the data were divided into, or measure all of them anew.", one);

    public static PreciseBnException ShardTwice(string one, ShardLabel shard, string other) => new(
        "ShardTwice", ErrorKind.InvalidData,
        $"Shard {shard} comes twice{(one == other ? "" : $", in {one} and in {other}")}; {NothingMerged}.",
        "Leave one of them out; if these are different data, give the data names when they are measured.", $"{shard}");

    public static PreciseBnException ShardsMissing(string missing) => new(
        "ShardsMissing", ErrorKind.NotFound,
        $"There are no partial statistics of {missing}; {NothingMerged}.",
        "Measure what is missing, or allow it to be missing.", missing);

    public static PreciseBnException PriorsDiffer(string one, string other) => new(
        "PriorsDiffer", ErrorKind.InvalidData,
        $"The statistics in the model were changed between the measurements of {one} and {other}, so that it is not known which of them the prior is.",
        "Do without a prior, or measure all shards on one file.", other);

    public static PreciseBnException WrongModel(string path) => new(
        "WrongModel", ErrorKind.InvalidData,
        $"'{path}' is not the model that the statistics were measured on, or was changed since; nothing was changed.",
        "Give that model, or apply the statistics by the names of the layers.", path);

    public static PreciseBnException BadPartial(string what) => new(
        "NotAPartial", ErrorKind.InvalidData, $"An object is no partial statistic: {what}.", "Give what measuring a shard returned.");

    private static string In(PartialBnStat partial) =>
        partial.Path is not { } path ? "" : partial.Program is { } program ? $" ('{path}', program '{program}')" : $" ('{path}')";
}

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

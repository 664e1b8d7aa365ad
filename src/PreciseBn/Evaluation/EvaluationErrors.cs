using PreciseBn.Batches;
using PreciseBn.Primitives;

namespace PreciseBn.Evaluation;

/// <summary>What can go wrong while models are judged.</summary>
internal static class EvaluationErrors
{
    public static PreciseBnException NoModels() => new(
        "NothingGiven", ErrorKind.InvalidArgument, "There is no model to measure.", "Give one or more.");

    public static PreciseBnException NoSamples() => new(
        "NoData", ErrorKind.InvalidData, "The data have no samples.", "Check where they come from.");

    public static PreciseBnException LabelsNeeded(string batch) => new(
        "LabelsNeeded", ErrorKind.InvalidArgument, $"{Sentence(batch)} has no labels to judge a model by.", "Say which part of the data has them.");

    public static PreciseBnException WrongLabelShape(string batch, IEnumerable<long> shape, long items) => new(
        "WrongLabelShape", ErrorKind.InvalidData,
        $"The labels of {batch} have the shape [{string.Join(", ", shape)}], but a class for each item has [{items}] or [{items}, 1].",
        "Give the number of the class of each item, or measure something else with a metric of your own.");

    public static PreciseBnException NotAClass(string batch, long item, string label, string why) => new(
        "NotAClass", ErrorKind.InvalidData, $"The label {label} of item {item} of {batch} is no class: {why}.",
        "Give whole numbers that count the classes from 0.", label);

    public static PreciseBnException NotClassScores(string model, string batch, string output, long items) => new(
        "NotClassScores", ErrorKind.NotSupported,
        $"The model '{model}' returns {output} for {batch}; a score for each of two or more classes would be floating-point numbers [{items}, classes].",
        "Choose another output, or measure with a metric of your own.", model);

    public static PreciseBnException OutputNotFinite(string model, string batch, long item) => new(
        "OutputNotFinite", ErrorKind.InvalidData,
        $"What the model '{model}' returns for item {item} of {batch} has NaN or infinity in it.",
        "Check the data, their normalisation, and the statistics and weights of the model.", model);

    public static PreciseBnException OutputsNotComparable(string model, string batch, string stored, string byBatch) => new(
        "OutputsNotComparable", ErrorKind.NotSupported,
        stored == byBatch
            ? $"The model '{model}' returns {stored} for {batch}, which are no floating-point numbers to compare."
            : $"The model '{model}' returns {stored} for {batch} with the statistics that it has, but {byBatch} with those of the batch, so that they cannot be compared.",
        "Choose another output.", model);

    public static PreciseBnException WrongMetricCount(string batch, int numbers, long items) => new(
        "WrongMetricCount", ErrorKind.InvalidData,
        $"The metric gives {numbers} numbers for {batch}.", $"Give one for the batch, or one for each of its {items} items.");

    public static PreciseBnException MetricNotFinite(string model, string batch, double number) => new(
        "MetricNotFinite", ErrorKind.InvalidData,
        FormattableString.Invariant($"The metric of what the model '{model}' returns for {batch} is {number}, of which there is no average."),
        "Check the model, the data and the metric.", model);

    public static PreciseBnException BatchSizesDiffer(string first, SizeRange sizes, string other, SizeRange otherSizes) => new(
        "BatchSizesDiffer", ErrorKind.InvalidArgument,
        $"'{first}' takes batches of {sizes} items, but '{other}' takes {otherSizes}, so that they cannot be given the same batches.",
        "Measure each by itself.", other);

    private static string Sentence(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}

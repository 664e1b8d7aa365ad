using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Recalibration;

/// <summary>What can go wrong while statistics are recomputed. Each leaves the model and its file as they were.</summary>
internal static class RecalibrationErrors
{
    private const string Unchanged = "Nothing was changed.";

    /// <exception cref="PreciseBnException">There was no batch, or none was left.</exception>
    public static void RefuseNothing(string model, long batches, long skipped)
    {
        if (batches == 0)
            throw NoData(model);
        if (skipped == batches)
            throw AllSkipped(model, batches);
    }

    public static PreciseBnException NotEnoughData(string model, RunOptions options, long given) => new(
        "NotEnoughData", ErrorKind.InvalidData,
        $"{options.FewestBatches} batches{(options.Part is null ? "" : $" of {options.Part}")} were asked for, and the data ended after {given}. {Unchanged}",
        $"Give more data, smaller batches, or ask for {(options.Part is null ? $"{given}" : "fewer")}; if no number is asked for, all the data are used.", model);

    private static PreciseBnException NoData(string model) => new(
        "NoData", ErrorKind.InvalidData, $"The data have no batch. {Unchanged}", "Check where they come from.", model);

    public static PreciseBnException NothingReached(string model, long batches, bool isInMemory = false) => new(
        "NothingReached", ErrorKind.InvalidData,
        $"None of {batches} batches had a value for any of the layers of '{model}' that are measured. {Unchanged}",
        $"Give data that take the way through these layers.{(isInMemory ? " Code that normalises with their statistics without calling them cannot be seen: call the layers." : "")}", model);

    public static PreciseBnException ScaledOtherwise(string model, InputScale scale, string layer) => new(
        "DataScaledOtherwise", ErrorKind.InvalidData,
        FormattableString.Invariant($"The data are plainly not scaled like those that '{model}' was trained on: their numbers have the mean {scale.Mean:0.##} and the deviation {scale.Deviation:0.##}, and what reaches its first layer '{layer}' has moved far. {Unchanged}"),
        "Normalise the data as in training; or, if they are right, write to another file, or say that the model is to be changed all the same.", model);

    public static PreciseBnException DependsOnState(string model, IReadOnlyList<string> changed) => new(
        "DependsOnState", ErrorKind.NotSupported,
        $"'{model}' changes {string.Join(", ", changed.Take(3))}{(changed.Count > 3 ? " and others" : "")} as it runs, and then sees the same batch otherwise. Parts of the data, and runs that go on where others were broken off, begin with the model as it was, so that they would not give what one run gives. {Unchanged}",
        "Measure all of the data in one run, without parts and without saving in between.", model);

    private static PreciseBnException AllSkipped(string model, long batches) => new(
        "AllBatchesSkipped", ErrorKind.InvalidData,
        $"All {batches} batches gave '{model}' NaN or infinity, so that nothing is left to measure. {Unchanged}",
        "Check the data, their normalisation and the weights of the model.", model);

    public static PreciseBnException ValuesNotKept(string model, Exception inner) => new(
        "ValuesNotKept", ErrorKind.WriteFailed,
        $"What the batches have become between two layers of '{model}' could not be kept in a temporary file: {inner.Message.TrimEnd('.')}. {Unchanged}",
        $"Allow more memory for it, or use fewer batches. {TemporaryFile.Advice}", model, inner);

    public static PreciseBnException ExactNotSettled(string model, string layer, int passes) => new(
        "ExactNotSettled", ErrorKind.InvalidData,
        $"The exact statistics of the layer '{layer}' of '{model}' still change after {passes} passes over the data. {Unchanged}",
        "Give data that are the same each time they are read; a layer that feeds itself has no exact statistics.", layer);
}

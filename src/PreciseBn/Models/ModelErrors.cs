using System.Globalization;
using PreciseBn.Formats;
using PreciseBn.Native;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>What can be wrong with a model, in words for the person who gave it.</summary>
internal static class ModelErrors
{
    private const string ExportAdvice =
        "Export the model in Python with torch.jit.script or torch.jit.trace and torch.jit.save.";

    public static PreciseBnException NotAModel(string path, string what) => new(
        "NotAModel", ErrorKind.InvalidData, $"'{path}' is no saved model: {what}.",
        "Give a TorchScript model (torch.jit.save), an exported program (torch.export.save), a checkpoint (torch.save) or safetensors.", path);

    public static PreciseBnException LayerWithoutModel(string layer) => new(
        "ModelUnknown", ErrorKind.InvalidArgument, $"The layer '{layer}' is of a model in the memory of another process.",
        "Measure it there, or give layers of a file.", layer);

    public static PreciseBnException OtherFormat(string path, string what, string advice) => new(
        "OtherFormat", ErrorKind.NotSupported, $"'{path}' is no model that can be read here: it is {what}.", advice, path);

    public static PreciseBnException SeveralPrograms(string path, IReadOnlyCollection<string> names) => new(
        "SeveralPrograms", ErrorKind.InvalidArgument,
        $"'{path}' holds {names.Count} exported programs: {string.Join(", ", names)}.", "Choose one of them by its name.", path);

    public static PreciseBnException ProgramNotFound(string path, string program, IReadOnlyCollection<string> names) => new(
        "ProgramNotFound", ErrorKind.NotFound,
        $"'{path}' has no exported program '{program}'{(names.Count > 0 ? $"; it has {string.Join(", ", names)}" : ", as what is in it has no names of programs")}.",
        names.Count > 0 ? "Choose one that it has." : "Name none.", program);

    public static PreciseBnException DistributedCheckpoint(string path, string folder) => new(
        "DistributedCheckpoint", ErrorKind.NotSupported,
        $"'{path}' is {(path == folder ? "" : "a part of ")}a distributed checkpoint (torch.distributed.checkpoint).",
        $"Make a file of it in Python: python -m torch.distributed.checkpoint.format_utils dcp_to_torch \"{folder}\" model.pth", path);

    public static PreciseBnException ForeignStatistics(string path, string name, ForeignTensor foreign) => new(
        "ForeignStatistics", ErrorKind.NotSupported, $"'{name}' of '{path}' is {foreign.Kind}.", foreign.Remedy, path);

    public static PreciseBnException NoAverage(string path, string name, ForeignTensor foreign) => new(
        "TensorNotAveraged", ErrorKind.NotSupported,
        $"'{name}' of '{path}' is {foreign.Kind}, of which no average is made.", foreign.Remedy, path);

    public static PreciseBnException ExpandedStatistics(string model, string layer) => new(
        "SharedStatistics", ErrorKind.NotSupported,
        $"The layer '{layer}' of '{model}' keeps one number for all its channels (a tensor that was expanded), but its new ones differ; nothing was changed.",
        "Save the model with tensor.clone() of these buffers.", layer);

    public static PreciseBnException OldFormat(string path) => new(
        "OldFormat", ErrorKind.NotSupported,
        $"'{path}' is in the format that torch.save wrote before PyTorch 1.6.",
        "Load it in Python and write it again with torch.save.", path);

    public static PreciseBnException TooDeep(string path) => new(
        "LimitExceeded", ErrorKind.InvalidData,
        $"'{path}' was refused: its modules are nested too deep.",
        "No honest model is; do not use it if you do not trust its source.", path);

    public static PreciseBnException CodeTooDeep(string path, string file) => new(
        "LimitExceeded", ErrorKind.InvalidData,
        $"'{path}' was refused: its code in {file} is nested too deep.",
        "No honest model is; do not use it if you do not trust its source.", path);

    public static PreciseBnException TooManyStatistics(string path) => new(
        "LimitExceeded", ErrorKind.InvalidData,
        $"'{path}' was refused: its layers claim more statistics than the file has bytes.",
        "No honest model does; do not use it if you do not trust its source.", path);

    public static PreciseBnException NoMethod(string path, string method, IReadOnlyCollection<string> methods) => new(
        "NoForward", ErrorKind.NotSupported,
        $"The model '{path}' has no method {method}, so it cannot be run on data"
        + (methods.Count == 0 ? "." : $"; it has {string.Join(", ", methods)}."), ExportAdvice, path);

    public static PreciseBnException AutocastInScript(string path) => new(
        "AutocastInScript", ErrorKind.NotSupported,
        $"The model '{path}' was scripted with torch.autocast in its code, which libtorch does not carry out as PyTorch does.",
        "Export the model with torch.jit.trace or torch.export, which keep what it computes.", path);

    public static PreciseBnException ReuseAtTheSameTime(string path) => new(
        "ReuseAtTheSameTime", ErrorKind.NotSupported,
        $"The code of the model '{path}' runs parts of it at the same time (torch.jit.fork), where the uses of a layer cannot be pooled.",
        "Pool no uses, or save the model without torch.jit.fork.", path);

    public static PreciseBnException OptimizedForInference(string path) => new(
        "OptimizedForInference", ErrorKind.NotSupported,
        $"The model '{path}' was rewritten for one kind of processor by torch.jit.optimize_for_inference, and has weights that libtorch cannot load again.",
        "Recompute the statistics of the model from before, and optimize that.", path);

    public static PreciseBnException OperatorNotAllowed(string path, string name) => new(
        "OperatorNotAllowed", ErrorKind.AccessDenied,
        $"The code of the model '{path}' calls aten::{name}, which does more than compute: it reads or writes files.",
        "Do not run a model that you do not trust; if it is to do that, allow the operator by its name.", path);

    public static PreciseBnException NothingToAllow(string name, bool isKnown, IEnumerable<string> beyondNumbers) => new(
        "NothingToAllow", ErrorKind.InvalidArgument,
        isKnown ? $"The operator {name} only computes, so that there is nothing to allow." : $"libtorch has no operator '{name}' that could be allowed.",
        $"Those that do more than compute are {string.Join(" and ", beyondNumbers)}.", name);

    public static PreciseBnException CustomOperator(string path, string name) => new(
        "CustomOperator", ErrorKind.NotSupported,
        $"The model '{path}' uses the operator {name}, which is not part of libtorch.",
        "Export the part of the model up to that operator; the layers before it do not need it.", path);

    public static PreciseBnException CannotLoad(string path, Exception inner) => TorchFailures.TryExplain(inner, $"load the model '{path}'", path) ?? new(
        "ModelNotLoaded", ErrorKind.InvalidData,
        $"libtorch could not load the model '{path}': {TorchMessage.Of(inner)}", ExportAdvice, path, inner);

    public static PreciseBnException WrongInputCount(string model, long batch, IEnumerable<string> wanted, int given) => new(
        "WrongInputCount", ErrorKind.InvalidData,
        $"The model '{model}' takes the inputs {string.Join(", ", wanted)}, but batch {batch} has {given}.",
        "Choose the inputs of the model among those of the data.", model);

    public static PreciseBnException ForwardFailed(string model, string batch, Exception inner) => TorchFailures.TryExplain(inner, $"run the model '{model}' on {batch}", model) ?? new(
        "ForwardFailed", ErrorKind.InvalidData,
        $"The model '{model}' failed on {batch}: {TorchMessage.Of(inner)}",
        "Check the shape, type and order of the inputs.", model, inner);

    public static PreciseBnException StatisticsExchanged(string model, string batch, string what) => new(
        "StatisticsExchanged", ErrorKind.NotSupported,
        $"In the code of the model '{model}', which exchanges statistics while it runs, {what} on {batch}.",
        "Export the model with torch.jit.trace or torch.export, which keep what it computes, or leave these layers out.", model);

    public static PreciseBnException DoesNotFit(string model, string layer, double value, DType dtype) => new(
        "DoesNotFit", ErrorKind.InvalidData,
        double.IsFinite(value)
            ? $"The new statistics of the layer '{layer}' are too large for {dtype}, in which '{model}' keeps them; nothing was changed."
            : $"The new statistics of the layer '{layer}' of '{model}' are no finite numbers ({value.ToString(CultureInfo.InvariantCulture)}); nothing was changed.",
        double.IsFinite(value) ? "Export the model with these buffers in a format that has room for them, such as float32." : "Find out where they come from.", layer);

    public static PreciseBnException NegativeVariance(string model, string layer) => new(
        "NegativeVariance", ErrorKind.InvalidData,
        $"The new variances of the layer '{layer}' of '{model}' are not all 0 or more; nothing was changed.", "Find out where they come from.", layer);

    public static PreciseBnException SharedStatistics(string model, string layer) => new(
        "SharedStatistics", ErrorKind.NotSupported,
        $"The layer '{layer}' of '{model}' shares its statistics with another, but its new ones are different; nothing was changed.",
        "Give each layer buffers of its own.", layer);

    public static PreciseBnException StatisticsInOnePlace(string model, string layer, string other) => new(
        "SharedStatistics", ErrorKind.NotSupported,
        layer == other
            ? $"The layer '{layer}' of '{model}' keeps several of its statistics in the same place of memory."
            : $"The layers '{layer}' and '{other}' of '{model}' keep statistics in the same place of memory, where those of both cannot be.",
        "Give each layer buffers of its own.", layer);

    public static PreciseBnException RowsApart(BnModule layer) => new(
        "RowsApart", ErrorKind.NotSupported,
        $"The statistics of the layer '{layer.Name}' are a row of a tensor that has those of other layers too; these can only be measured together.",
        "Select all of them, and do not measure them exactly.", layer.Name);

    public static PreciseBnException FormatsApart(BnModule layer) => new(
        "FormatsApart", ErrorKind.NotSupported,
        $"The statistics of the layer '{layer.Name}' are constants in {layer.DType}, which cannot be observed together with layers in other number formats.",
        "Measure the layers of each format by themselves.", layer.Name);

    public static PreciseBnException ShardsNeedNoDestination(string path) => new(
        "ShardsNotCopied", ErrorKind.NotSupported,
        $"'{path}' is an index of several files, which are changed where they are.",
        "Copy the folder first, and change the files in the copy.", path);

    public static PreciseBnException ShardsNotAveraged(string path) => new(
        "ShardsNotAveraged", ErrorKind.NotSupported,
        $"'{path}' is an index of several files, of which no average is made together.",
        "Average each of the files that it names with its like, and put the index beside the results.", path);

    public static PreciseBnException NoCodeToRun(string path) => new(
        "NoCodeToRun", ErrorKind.NotSupported,
        $"'{path}' holds tensors without the code that uses them, so it cannot be run on data.",
        "Recompute the statistics with the TorchScript model, and put them into this file then.", path);

    public static PreciseBnException NoCodeToEvaluate(string path) => new(
        "NoCodeToEvaluate", ErrorKind.NotSupported,
        $"'{path}' holds tensors without the code that uses them, so it cannot be run on data.",
        "Give the TorchScript model or the exported program that has these tensors.", path);

    public static PreciseBnException InTraining(string model) => new(
        "ModelInTraining", ErrorKind.NotSupported,
        $"'{model}' was exported in training mode for good: it normalises by the statistics of each batch, or drops values at random, whatever it has stored.",
        "Export it in evaluation mode, after model.eval().", model);

    public static PreciseBnException OutputNotATensor(string model, string returned) => new(
        "OutputNotATensor", ErrorKind.NotSupported,
        $"The model '{model}' returns {returned}, in which there is no tensor to take.",
        "Wrap it in a module that returns a tensor, a tuple or list of tensors, or a dictionary of them.", model);

    public static PreciseBnException OutputKeyNeeded(string model, string returned) => new(
        "OutputKeyNeeded", ErrorKind.InvalidArgument, $"The model '{model}' returns {returned}.", "Say which of them is meant.", model);

    public static PreciseBnException OutputKeyNotFound(string model, string key, string returned) => new(
        "OutputKeyNotFound", ErrorKind.NotFound, $"The model '{model}' returns no tensor '{key}', but {returned}.", "Choose one that it returns.", key);

    public static PreciseBnException ScriptModuleInMemory() => new(
        "ScriptModuleInMemory", ErrorKind.NotSupported,
        "The layers of a TorchScript module that is already loaded cannot be observed.",
        "Give the path of its file instead.");

    public static PreciseBnException NotCallable(string model) => new(
        "NotCallable", ErrorKind.NotSupported,
        $"The model '{model}' cannot be called with tensors only.", "Wrap it in a module that takes tensors.", model);

    public static PreciseBnException ReducedPrecision(string model, BnModule layer) => new(
        "ReducedPrecision", ErrorKind.NotSupported,
        $"The layer '{layer.Name}' of the model '{model}' in memory keeps its statistics in {layer.DType}, too few digits to measure in.",
        "Convert the model with to(float32) first, and back afterwards.", layer.Name);

    public static PreciseBnException OnOtherDevice(string model, string own, string asked) => new(
        "OnOtherDevice", ErrorKind.Conflict, $"The model '{model}' in memory is on the device '{own}', not on '{asked}'.",
        "Move it there with to(), or do not name a device: it runs where it is.", model);

    public static PreciseBnException CalledWithoutHooks(string model, string layer) => new(
        "CalledWithoutHooks", ErrorKind.NotSupported,
        $"The layer '{layer}' of the model '{model}' is run by forward(), which passes hooks by.",
        "Run it by call() instead.", layer);

    public static PreciseBnException StatisticsWithoutLayer(string model, string layer) => new(
        "CalledWithoutHooks", ErrorKind.NotSupported,
        $"The code of the model '{model}' changes the statistics of the layer '{layer}' and does not call the layer, so that what it normalises cannot be seen.",
        "Call the layer there, rather than torch.nn.functional.batch_norm with its statistics.", layer);

    public static PreciseBnException LayerNotFound(string model, string layer) => new(
        "LayerNotFound", ErrorKind.NotFound,
        $"'{model}' has no BatchNorm layer '{layer}' any more.", "Read the layers again.", layer);

    public static PreciseBnException NoSuchLayer(string model, string pattern) => new(
        "LayerNotFound", ErrorKind.NotFound,
        $"'{model}' has no BatchNorm layer '{pattern}'.", "List its layers to see their names.", pattern);

    public static PreciseBnException NoLayers(string model, string contents) => new(
        "NoBatchNorm", ErrorKind.NotSupported,
        $"'{model}' has no BatchNorm layer with tracked statistics; it {contents}.", "Give a model that has some.", model);

    public static PreciseBnException InUse(string model) => new(
        "ModelInUse", ErrorKind.Conflict,
        $"The model '{model}' is being measured or changed by another thread.", "Wait for that to end.", model);

    public static PreciseBnException NothingToSave(string model) => new(
        "NoFileToWrite", ErrorKind.InvalidArgument,
        $"'{model}' is a model in memory, which is changed where it is and has no file to copy or keep.",
        "Leave out the destination and the backup.", model);
}

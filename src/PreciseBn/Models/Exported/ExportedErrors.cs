using PreciseBn.Primitives;

namespace PreciseBn.Models.Exported;

/// <summary>What can be wrong with an exported program, in words for the person who gave it.</summary>
internal static class ExportedErrors
{
    private const string ScriptAdvice = "Change the model so that it does without, or export it with torch.jit.script or torch.jit.trace.";

    public static PreciseBnException AheadOfTime(string path) => new(
        "CompiledAheadOfTime", ErrorKind.NotSupported,
        $"'{path}' was compiled by AOTInductor: its BatchNorm is machine code.",
        "Recompute the statistics in the program that torch.export.save writes, and compile that.", path);

    public static PreciseBnException UnknownSchema(string path, long version, string torchVersion) => new(
        "UnknownSchema", ErrorKind.NotSupported,
        $"'{path}' has version {version} of the schema of exported programs, by PyTorch {torchVersion}; only version 8 is known.",
        "Export it with PyTorch 2.6 or newer, or update PreciseBn.", path);

    public static PreciseBnException Inexpressible(string path, ExportedNode node, string what) => new(
        "NodeNotSupported", ErrorKind.NotSupported,
        $"The node '{node.Name}' ({node.Target}) of '{path}' cannot be run: {what}.{node.Origin.Place}", ScriptAdvice, path);

    public static PreciseBnException TensorMissing(string path, string name) => new(
        "TensorNotSupported", ErrorKind.NotSupported,
        $"The tensor '{name}' of '{path}' is not there, or of a kind that is not supported.",
        "Export the model with plain tensors of real numbers.", path);

    public static PreciseBnException InputNotSupported(string path, string name) => new(
        "InputNotSupported", ErrorKind.NotSupported,
        $"The input '{name}' of the program '{path}' is no tensor.", "Export the model with tensors as its inputs.", path);

    public static PreciseBnException WrongType(string path, string batch, string input, string wanted, string given) => new(
        "WrongType", ErrorKind.InvalidData,
        $"The program '{path}' was exported for an input '{input}' of type {wanted}, but in {batch} it is {given}.",
        "Give data of that type; images of uint8 stay so where the loader keeps integers.", path);

    public static PreciseBnException WrongShape(string path, string batch, string input, string wanted, string given) => new(
        "WrongShape", ErrorKind.InvalidData,
        $"The program '{path}' was exported for an input '{input}' of shape [{wanted}], but in {batch} it is [{given}].",
        "Prepare the data in that shape, or export the program with dynamic shapes.", path);
}

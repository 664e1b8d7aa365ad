using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>What can be wrong with how a model is called: its method, and what its parameters get.</summary>
internal static class CallErrors
{
    public static PreciseBnException NoSuchArgument(string path, string name, IEnumerable<string> parameters) => new(
        "NoSuchArgument", ErrorKind.InvalidArgument,
        $"The model '{path}' has no parameter '{name}'; it takes {string.Join(", ", parameters)}.", "Give arguments by the names of its parameters.", path);

    public static PreciseBnException WrongArgument(string path, string parameter, object? value, bool isTensor) => new(
        "WrongArgument", ErrorKind.InvalidArgument,
        FormattableString.Invariant($"The model '{path}' takes {parameter}, which cannot be {(value is string ? $"'{value}'" : value is IFormattable or bool ? value : value is null ? "nothing" : "what was given")}."),
        isTensor ? "Leave it out: tensors come from the data." : "Give a value of that type.", path);

    public static PreciseBnException ArgumentNeeded(string path, string parameter, string name) => new(
        "ArgumentNeeded", ErrorKind.InvalidArgument,
        $"The model '{path}' takes {parameter}, which no array can be.", $"Give the argument '{name}' beside the data, the same for every batch.", path);

    public static PreciseBnException SeveralCollections(string path, IEnumerable<string> parameters) => new(
        "SeveralCollections", ErrorKind.NotSupported,
        $"The model '{path}' takes {string.Join(" and ", parameters)}: which arrays belong to which cannot be told.",
        "Wrap it in a module that takes one list or dictionary, or tuples, and export that.", path);

    public static PreciseBnException NamesNeeded(string path, string parameter) => new(
        "NamesNeeded", ErrorKind.InvalidData,
        $"The model '{path}' takes {parameter}, a dictionary, but the inputs have no names.", "Give data whose arrays have names.", path);

    public static PreciseBnException CalledAsItIs(string model, string kind) => new(
        "OptionWithoutEffect", ErrorKind.InvalidArgument,
        $"'{model}' is {kind}, which is called with the tensors of a batch, and by no other method than its forward.",
        "Leave out the method and the arguments.", model);
}

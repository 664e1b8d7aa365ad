using PreciseBn.Primitives;

namespace PreciseBn.Transfer;

/// <summary>What can be wrong when statistics go from one file to another.</summary>
internal static class TransferErrors
{
    public static PreciseBnException LayersNotInFile(string path, IReadOnlyCollection<string> names) => new(
        "LayersNotInFile", ErrorKind.NotFound,
        $"'{path}' has no layer for {List(names)}; nothing was changed.",
        "Say how names differ by a prefix or a map, or allow that these are left out.", path);

    public static PreciseBnException LayersNotGiven(string path, IReadOnlyCollection<string> names) => new(
        "LayersNotGiven", ErrorKind.NotFound,
        $"No statistics were given for {List(names)} of '{path}'; nothing was changed.",
        "Give those of all layers, say by a prefix which part of the file is meant, or allow that these stay as they are.", path);

    public static PreciseBnException AmbiguousPrefix(string path, IEnumerable<string> prefixes) => new(
        "AmbiguousPrefix", ErrorKind.InvalidArgument,
        $"The layers occur more than once in '{path}', below {List(prefixes.ToArray())}.", "Choose one prefix.", path);

    public static PreciseBnException MapTargetNotFound(string path, string name) => new(
        "LayerNotFound", ErrorKind.NotFound,
        $"'{path}' has no layer '{name}', which the map names.", "Look at the names of its layers.", name);

    public static PreciseBnException MapSourceNotFound(string name) => new(
        "LayerNotFound", ErrorKind.NotFound,
        $"The map names '{name}', which none of the layers is whose statistics are given.", "Look at their names.", name);

    public static PreciseBnException MappedTwice(string name, string target, string other) => new(
        "AmbiguousMap", ErrorKind.InvalidArgument,
        $"The map says both that '{name}' is '{target}' and that it is '{other}'.", "Make its patterns such that one is for each layer.", name);

    public static PreciseBnException WildcardsDiffer(string from, string to) => new(
        "AmbiguousMap", ErrorKind.InvalidArgument,
        $"The map says that '{from}' is '{to}', which has other wildcards.", "Give both sides the same * and ? in the same order; they stand for the same letters.", from);

    public static PreciseBnException TwoForOne(string path, string target) => new(
        "LayerGivenTwice", ErrorKind.InvalidArgument,
        $"Statistics of two layers were given for '{target}' of '{path}'.", "Give each layer those of one.", target);

    public static PreciseBnException ChannelsDiffer(string path, string source, int given, string target, int wanted) => new(
        "ChannelsDiffer", ErrorKind.InvalidData,
        $"The layer '{target}' of '{path}' has {wanted} channels, but the statistics of '{source}' have {given}; nothing was changed.",
        "Give the statistics of the same architecture.", target);

    public static PreciseBnException GivenTwice(string name) => new(
        "LayerGivenTwice", ErrorKind.InvalidArgument,
        $"Statistics of the layer '{name}' were given twice.", "Give those of one model.", name);

    public static PreciseBnException ModelsMixed(IReadOnlyCollection<string> paths) => new(
        "ModelsMixed", ErrorKind.InvalidArgument,
        $"The statistics are of several models{(paths.Count > 1 ? $": {List(paths)}" : "")}; nothing was written.", "Give those of one model at a time.", paths.FirstOrDefault());

    public static PreciseBnException NothingGiven() => new(
        "NothingGiven", ErrorKind.InvalidArgument,
        "No statistics were given.", "Give those of layers.");

    public static PreciseBnException NotExported(string path) => new(
        "NotExported", ErrorKind.InvalidData,
        $"'{path}' is no file of exported statistics, or has lost its beginning.", "Read the layers of a model as a model.", path);

    private static string List(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(5).Select(name => $"'{name}'")) + (names.Count > 5 ? $" and {names.Count - 5} more" : "");
}

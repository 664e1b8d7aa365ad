using System.Text.RegularExpressions;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// Finds all tensors of a TorchScript archive, and what files of one model have in common besides: attributes, classes and code. Where a
/// process saves a model more than once, TorchScript tells the classes apart by numbers (<c>___torch_mangle_12</c>), or by none the
/// first time. Here classes and functions are numbered in the order in which they are met on the way from the root, so that these
/// names are the same for all of the files.
/// </summary>
internal sealed partial class ScriptWeights
{
    private const string Constants = "constants.pkl";

    private readonly TorchArchive _archive;
    private readonly ScriptCode _code;
    private readonly Dictionary<string, string> _names = [];
    private readonly List<string> _met = [];
    private readonly Dictionary<string, Dictionary<string, string>> _definitions = [];

    private ScriptWeights(TorchArchive archive, ScriptCode code)
    {
        _archive = archive;
        _code = code;
    }

    /// <exception cref="PreciseBnException">A tensor is of a kind that has no average, or damaged.</exception>
    public static StoredWeights Read(TorchArchive archive, ScriptCode code) => new ScriptWeights(archive, code).Read();

    private StoredWeights Read()
    {
        var pickled = new PickledWeights(_archive, Canonical);
        pickled.Add(_archive.ReadPickle("data.pkl"), "", isModule: true, TorchArchive.Data);
        if (_archive.Names(Constants).Contains(Constants) && _archive.ReadPickle(Constants) is object?[] constants)
        {
            for (var i = 0; i < constants.Length; i++)
                pickled.Add(constants[i], $"CONSTANTS.c{i}", isModule: true, TorchArchive.Constants);
        }
        // What is met in a definition is added to the list.
        for (var i = 0; i < _met.Count; i++)
        {
            if (FindDefinition(_met[i]) is { } definition)
                pickled.Found.AddTrait($"the code of {_names[_met[i]]}", Canonical(definition));
        }
        return pickled.Found;
    }

    private string Canonical(string text) => QualifiedName().Replace(text, match => NameOf(match.Value));

    private string NameOf(string qualifiedName)
    {
        if (_names.TryGetValue(qualifiedName, out var name))
            return name;
        _met.Add(qualifiedName);
        return _names[qualifiedName] = $"{Mangling().Replace(qualifiedName, "")}#{_met.Count}";
    }

    private string? FindDefinition(string qualifiedName)
    {
        var file = ScriptCode.FileOf(qualifiedName);
        if (!_definitions.TryGetValue(file, out var definitions))
            _definitions[file] = definitions = _code.Files.Contains(file) ? Split(_code.TextOf(file)) : [];
        return definitions.GetValueOrDefault(qualifiedName[(qualifiedName.LastIndexOf('.') + 1)..]);
    }

    private static Dictionary<string, string> Split(string text)
    {
        var starts = Definition().Matches(text).ToArray();
        return starts.Zip([.. starts.Skip(1).Select(start => start.Index), text.Length]).ToLookup(
            part => part.First.Groups["name"].Value, part => text[part.First.Index..part.Second]).ToDictionary(part => part.Key, part => string.Concat(part));
    }

    [GeneratedRegex(@"\b__torch__(?:\.\w+)+")]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"\.___torch_mangle_\d+")]
    private static partial Regex Mangling();

    [GeneratedRegex(@"^(?:class|def) (?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex Definition();
}

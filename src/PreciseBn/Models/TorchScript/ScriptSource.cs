using System.Text.RegularExpressions;
using PreciseBn.Formats;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// The source text that a TorchScript archive carries: <c>code/__torch__/a/b.py</c> defines the classes and functions
/// that are called <c>__torch__.a.b.Name</c>.
/// </summary>
internal sealed partial class ScriptSource(TorchArchive archive)
{
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _files = [];
    private readonly HashSet<string> _names = archive.Names("code/").ToHashSet();

    /// <summary>The text of the definition, or <c>null</c> where the archive has none of that name.</summary>
    public string? Find(string qualifiedName)
    {
        var file = FileOf(qualifiedName);
        if (!_names.Contains(file))
            return null;
        if (!_files.TryGetValue(file, out var definitions))
            _files[file] = definitions = Split(archive.ReadText(file));
        return definitions.GetValueOrDefault(qualifiedName[(qualifiedName.LastIndexOf('.') + 1)..]);
    }

    /// <summary>The name of the entry that defines the class or function, without the root folder of the archive.</summary>
    public static string FileOf(string qualifiedName) =>
        $"code/{qualifiedName[..Math.Max(0, qualifiedName.LastIndexOf('.'))].Replace('.', '/')}.py";

    /// <summary>Adds the text of a method at the end of a class.</summary>
    public static string AppendToClass(string text, string name, string method)
    {
        var start = Definition().Matches(text).First(match => match.Groups["name"].Value == name);
        var next = start.NextMatch();
        return text.Insert(next.Success ? next.Index : text.Length, method);
    }

    private static Dictionary<string, string> Split(string text)
    {
        var definitions = new Dictionary<string, string>();
        var starts = Definition().Matches(text);
        for (var i = 0; i < starts.Count; i++)
        {
            var end = i + 1 < starts.Count ? starts[i + 1].Index : text.Length;
            definitions.TryAdd(starts[i].Groups["name"].Value, text[starts[i].Index..end]);
        }
        return definitions;
    }

    [GeneratedRegex(@"^(class|def) (?<name>\w+)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Definition();
}

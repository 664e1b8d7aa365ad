using System.Globalization;
using System.Text.RegularExpressions;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>Which tensor is taken of what a method returns, by the type that its code states.</summary>
/// <param name="path">Path of the model, for messages.</param>
/// <param name="code">Its code.</param>
/// <param name="key">Where the tensor is; <c>null</c> is the only one, or the first in a tuple or list.</param>
internal sealed partial class ScriptOutput(string path, ScriptCode code, string? key)
{
    /// <summary>The tensor as an expression.</summary>
    /// <param name="variable">The variable that has what is returned.</param>
    /// <param name="type">The type of that.</param>
    /// <exception cref="PreciseBnException">There is no such tensor in it.</exception>
    public string Of(string variable, string type) => type.Replace(" ", "", StringComparison.Ordinal) switch
    {
        "Tensor" => key is null ? variable : throw ModelErrors.OutputKeyNotFound(path, key, "a single tensor"),
        "List[Tensor]" => $"{variable}[{(key is null ? 0 : Index(key, int.MaxValue, type))}]",
        "Dict[str,Tensor]" => $"__torch__.precise_bn.entry({variable}, {(key is null ? "None" : Literal(key))})",
        var text when text.StartsWith("Tuple[", StringComparison.Ordinal) => $"{variable}[{InTuple(Items(text["Tuple[".Length..^1]), type)}]",
        var text when Fields(text) is { Length: > 0 } fields => $"({variable}).{InNamedTuple(fields, type)}",
        _ => throw ModelErrors.OutputNotATensor(path, type),
    };

    /// <summary>The entries of a dictionary in which the one that was meant is not, if that is what went wrong in a run.</summary>
    public PreciseBnException? Explain(Exception failure) => Entries().Match(failure.Message) is not { Success: true } found ? null
        : $"a dictionary with {found.Groups["names"].Value.Trim()}" is var returned && key is null
            ? ModelErrors.OutputKeyNeeded(path, returned)
            : ModelErrors.OutputKeyNotFound(path, key!, returned);

    private int InTuple(IReadOnlyList<string> items, string type)
    {
        var index = key is null ? items.ToList().IndexOf("Tensor") : Index(key, items.Count, type);
        return index < 0 ? throw ModelErrors.OutputNotATensor(path, type)
            : items[index] == "Tensor" ? index : throw ModelErrors.OutputKeyNotFound(path, key!, type);
    }

    private string InNamedTuple((string Name, string Type)[] fields, string type)
    {
        var found = fields.FirstOrDefault(field => field.Type == "Tensor" && (key is null || field.Name == key)).Name;
        var text = $"{type[(type.LastIndexOf('.') + 1)..]} ({string.Join(", ", fields.Select(field => $"{field.Name}: {field.Type}"))})";
        return found ?? throw (key is null ? ModelErrors.OutputNotATensor(path, text) : ModelErrors.OutputKeyNotFound(path, key, text));
    }

    private int Index(string text, int count, string type) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < count
            ? index
            : throw ModelErrors.OutputKeyNotFound(path, text, type);

    private static List<string> Items(string text)
    {
        var (items, start, depth) = (new List<string>(), 0, 0);
        for (var at = 0; at < text.Length; at++)
        {
            depth += text[at] == '[' ? 1 : text[at] == ']' ? -1 : 0;
            if (text[at] != ',' || depth > 0)
                continue;
            items.Add(text[start..at]);
            start = at + 1;
        }
        items.Add(text[start..]);
        return items;
    }

    private (string Name, string Type)[] Fields(string type)
    {
        var file = ScriptCode.FileOf(type);
        if (!code.Files.Contains(file))
            return [];
        var name = type[(type.LastIndexOf('.') + 1)..];
        var definition = Regex.Match(code.TextOf(file), $@"^class {Regex.Escape(name)}\(NamedTuple\):\n(?:  (?<field>\w+) : (?<type>.+)\n)+", RegexOptions.Multiline);
        return definition.Groups["field"].Captures.Zip(definition.Groups["type"].Captures)
            .Select(field => (field.First.Value, field.Second.Value.Trim())).ToArray();
    }

    private static string Literal(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    // As script_functions.py raises it.
    [GeneratedRegex(@"KeyError: precise_bn_entries: (?<names>[^\n]*)")]
    private static partial Regex Entries();
}

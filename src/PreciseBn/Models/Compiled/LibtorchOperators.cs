using PreciseBn.Primitives;

namespace PreciseBn.Models.Compiled;

/// <summary>The operators that libtorch has in its own namespace, aten.</summary>
internal sealed class LibtorchOperators
{
    private const char DoesMore = '!';
    private const string Namespace = "aten::";

    private readonly Dictionary<string, bool> _operators = EmbeddedText.Read("operators.txt").Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#').ToDictionary(line => line.TrimStart(DoesMore), line => line[0] == DoesMore);

    /// <summary>The operators that do more than compute: they reach files.</summary>
    public IEnumerable<string> BeyondNumbers => _operators.Where(item => item.Value).Select(item => item.Key);

    public bool Contains(string name) => _operators.ContainsKey(name);

    /// <summary>The names, without the namespace, of operators that do more than compute.</summary>
    /// <exception cref="PreciseBnException">One does not, or is none at all.</exception>
    public static string[] RequireBeyondNumbers(IReadOnlyList<string> names)
    {
        if (names.Count == 0)
            return [];
        var all = new LibtorchOperators();
        var plain = names.Select(name => name.StartsWith(Namespace, StringComparison.Ordinal) ? name[Namespace.Length..] : name).ToArray();
        return plain.Except(all.BeyondNumbers).FirstOrDefault() is { } other
            ? throw ModelErrors.NothingToAllow(other, all.Contains(other), all.BeyondNumbers)
            : plain;
    }
}

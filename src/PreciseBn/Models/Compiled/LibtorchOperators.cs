using PreciseBn.Primitives;

namespace PreciseBn.Models.Compiled;

/// <summary>The operators that libtorch has in its own namespace, aten.</summary>
internal sealed class LibtorchOperators
{
    private const char DoesMore = '!';

    private readonly Dictionary<string, bool> _operators = EmbeddedText.Read("operators.txt").Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#').ToDictionary(line => line.TrimStart(DoesMore), line => line[0] == DoesMore);

    /// <summary>The operators that do more than compute: they reach files.</summary>
    public IEnumerable<string> BeyondNumbers => _operators.Where(item => item.Value).Select(item => item.Key);

    public bool Contains(string name) => _operators.ContainsKey(name);
}

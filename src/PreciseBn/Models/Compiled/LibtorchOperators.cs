using PreciseBn.Primitives;

namespace PreciseBn.Models.Compiled;

/// <summary>The operators that libtorch has in its own namespace, aten.</summary>
internal sealed class LibtorchOperators
{
    private readonly HashSet<string> _names =
        EmbeddedText.Read("operators.txt").Split('\n').Where(line => line.Length > 0 && line[0] != '#').ToHashSet();

    public bool Contains(string name) => _names.Contains(name);
}

using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>A module in the object tree of a TorchScript archive.</summary>
/// <param name="Path">The names of the attributes that lead to it from the root module; none for the root.</param>
/// <param name="Type">Its class.</param>
/// <param name="Attributes">Its parameters, buffers, submodules and other attributes.</param>
internal sealed record ScriptNode(IReadOnlyList<string> Path, PickleGlobal Type, PickleDictionary Attributes)
{
    private const string ScriptNamespace = "__torch__";
    private const int DeepestNesting = 500;
    private const int LongestName = 10_000;

    // A module may lie in others that lie in others, each several times.
    private const int MostNames = 1 << 20;

    private readonly List<string> _aliases = [];

    /// <summary>Its path, empty for the root.</summary>
    public string Name { get; } = string.Join('.', Path);

    /// <summary>Other paths that lead to the same module.</summary>
    public IReadOnlyList<string> Aliases => _aliases;

    /// <summary>The name of the class as its author wrote it, without what TorchScript adds to tell copies apart.</summary>
    public string ClassName => Type.Name;

    public string QualifiedName => Type.ToString();

    public StoredTensor? Tensor(string name) => TensorPickle.TryRead(Attributes[name]);

    /// <summary>The root and all modules below it, each once, in the order in which they were defined.</summary>
    /// <exception cref="PreciseBnException">They are nested deeper than any real model.</exception>
    public static IReadOnlyList<ScriptNode> Enumerate(object? tree, string path)
    {
        var nodes = new List<ScriptNode>();
        var seen = new Dictionary<object, ScriptNode>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<(IReadOnlyList<string> Path, int Length, object? Value)>();
        pending.Push(([], 0, tree));
        for (var names = 0; pending.TryPop(out var next); names++)
        {
            if (next.Value is not PickleInstance { Type: { } type, State: PickleDictionary attributes } || !IsScripted(type))
                continue;
            if (next.Path.Count > DeepestNesting || next.Length > LongestName || names > MostNames)
                throw ModelErrors.TooDeep(path);
            if (seen.TryGetValue(next.Value, out var known))
            {
                known._aliases.Add(string.Join('.', next.Path));
            }
            else
            {
                seen[next.Value] = new ScriptNode(next.Path, type, attributes);
                nodes.Add(seen[next.Value]);
            }
            foreach (var (key, value) in attributes.Items.Reverse().Where(item => item.Value is PickleInstance))
                pending.Push(([.. next.Path, $"{key}"], next.Length + 1 + $"{key}".Length, value));
        }
        return nodes;
    }

    private static bool IsScripted(PickleGlobal type) =>
        type.Module == ScriptNamespace || type.Module.StartsWith(ScriptNamespace + ".", StringComparison.Ordinal);
}

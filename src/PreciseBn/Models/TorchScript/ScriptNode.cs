using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>A module in the object tree of a TorchScript archive.</summary>
/// <param name="Name">Path from the root module, empty for the root.</param>
/// <param name="Type">Its class.</param>
/// <param name="Attributes">Its parameters, buffers, submodules and other attributes.</param>
internal sealed record ScriptNode(string Name, PickleGlobal Type, PickleDictionary Attributes)
{
    private const string ScriptNamespace = "__torch__";
    private const int DeepestNesting = 500;
    private const int LongestName = 10_000;

    /// <summary>The name of the class as its author wrote it, without what TorchScript adds to tell copies apart.</summary>
    public string ClassName => Type.Name;

    public string QualifiedName => Type.ToString();

    public StoredTensor? Tensor(string name) => TensorPickle.TryRead(Attributes[name]);

    /// <summary>The root and all modules below it, each once, in the order in which they were defined.</summary>
    /// <exception cref="PreciseBnException">They are nested deeper than any real model.</exception>
    public static IReadOnlyList<ScriptNode> Enumerate(object? tree, string path)
    {
        var nodes = new List<ScriptNode>();
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<(string Name, int Depth, object? Value)>();
        pending.Push(("", 0, tree));
        while (pending.TryPop(out var next))
        {
            if (TryCreate(next.Name, next.Value) is not { } node || !seen.Add(next.Value!))
                continue;
            if (next.Depth > DeepestNesting || next.Name.Length > LongestName)
                throw ModelErrors.TooDeep(path);
            nodes.Add(node);
            foreach (var (key, value) in node.Attributes.Items.Reverse())
                pending.Push((next.Name.Length == 0 ? $"{key}" : $"{next.Name}.{key}", next.Depth + 1, value));
        }
        return nodes;
    }

    private static ScriptNode? TryCreate(string name, object? value) =>
        value is PickleInstance { Type: { } type, State: PickleDictionary attributes } && IsScripted(type)
            ? new ScriptNode(name, type, attributes)
            : null;

    private static bool IsScripted(PickleGlobal type) =>
        type.Module == ScriptNamespace || type.Module.StartsWith(ScriptNamespace + ".", StringComparison.Ordinal);
}

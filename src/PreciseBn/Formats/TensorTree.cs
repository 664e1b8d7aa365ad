using PreciseBn.Files;

namespace PreciseBn.Formats;

/// <summary>Walks what torch.save has pickled: dictionaries, lists and objects nested in each other, with tensors as leaves.</summary>
internal static class TensorTree
{
    private const int DeepestNesting = 500;
    private const int LongestName = 10_000;

    // In a pickled module, as against a state_dict, tensors and submodules lie in these; state_dict() leaves them out of names.
    private static readonly HashSet<string> ModuleContainers = ["_modules", "_buffers", "_parameters"];

    /// <summary>The tensors by name, each container once, in the order of the file.</summary>
    public static IEnumerable<(string Name, StoredTensor Tensor)> Enumerate(object? tree, string path)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<(string Name, int Depth, object? Value)>();
        pending.Push(("", 0, tree));
        while (pending.TryPop(out var next))
        {
            if (TensorPickle.TryRead(next.Value) is { } tensor)
            {
                yield return (next.Name, tensor);
                continue;
            }
            if (next.Value is null || Children(next.Value) is not { } children || !seen.Add(next.Value))
                continue;
            if (next.Depth > DeepestNesting || next.Name.Length > LongestName)
                throw FileErrors.LimitExceeded(path, "its tensors are nested too deep");
            foreach (var (key, value) in children.Reverse())
                pending.Push((Join(next.Name, $"{key}"), next.Depth + 1, value));
        }
    }

    private static IEnumerable<KeyValuePair<object?, object?>>? Children(object value) => value switch
    {
        PickleDictionary dictionary => dictionary.Items,
        List<object?> list => list.Select((item, index) => KeyValuePair.Create((object?)(long)index, item)),
        object?[] tuple => tuple.Select((item, index) => KeyValuePair.Create((object?)(long)index, item)),
        PickleInstance { State: PickleDictionary state } instance => instance.Items.Items.Concat(state.Items),
        PickleInstance instance => instance.Items.Items,
        _ => null,
    };

    private static string Join(string name, string key) =>
        ModuleContainers.Contains(key) ? name : name.Length == 0 ? key : $"{name}.{key}";
}

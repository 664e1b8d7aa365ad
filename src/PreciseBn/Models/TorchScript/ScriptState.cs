namespace PreciseBn.Models.TorchScript;

/// <summary>
/// What a TorchScript model may change while it runs, besides the statistics of its layers: tensors that are no parameters or are written to,
/// lists and dictionaries of tensors, and attributes that its code assigns. Two methods of the root module tell them and set them back, so
/// that a batch can be run again.
/// </summary>
internal sealed class ScriptState
{
    /// <summary>The method that returns them as tensors.</summary>
    public const string TellMethod = "precise_bn_state";

    /// <summary>The method that sets them back.</summary>
    public const string RestoreMethod = "precise_bn_restore";

    // The functions that tell them, and set them back, of any number of tensors.
    private static readonly Dictionary<string, (string Tell, string Restore)> Collections = new()
    {
        ["List[Tensor]"] = ("told_list", "restored_list"),
        ["Dict[str, Tensor]"] = ("told_entries", "restored_entries"),
    };

    private readonly IReadOnlyList<Item> _items;
    private readonly IReadOnlyList<Item> _collections;

    /// <param name="code">The source of the model.</param>
    /// <param name="nodes">Its modules.</param>
    /// <param name="found">Its layers.</param>
    public ScriptState(ScriptCode code, IReadOnlyList<ScriptNode> nodes, ScriptLayers found)
    {
        var statistics = found.Layers.SelectMany(layer => layer.Mean.Buffer.Keys.Concat(layer.Variance.Buffer.Keys)).ToHashSet();
        var holders = statistics.Where(key => key.EndsWith(']')).Select(key => key[..key.LastIndexOf('[')]).ToHashSet();
        var items = nodes.SelectMany(node => ItemsOf(code, node)).Where(item => !statistics.Contains(item.Key) && !holders.Contains(item.Key)).ToLookup(
            item => Collections.ContainsKey(item.Type));
        (_items, _collections) = (items[false].ToArray(), items[true].ToArray());
    }

    public bool IsEmpty => _items.Count + _collections.Count == 0;

    /// <summary>The source of the methods.</summary>
    /// <param name="rootType">Qualified name of the class of the root module.</param>
    public string Methods(string rootType) => IsEmpty ? "" :
        $"  def {TellMethod}(self: {rootType}) -> List[Tensor]:\n"
        + $"    told = annotate(List[Tensor], [{string.Join(", ", _items.Select(item => item.Told))}])\n"
        + string.Concat(_collections.Select(item => $"    told = torch.add(told, __torch__.precise_bn.{Collections[item.Type].Tell}({item.Key}))\n"))
        + "    return told\n"
        + $"  def {RestoreMethod}(self: {rootType},\n    state: List[Tensor]) -> NoneType:\n"
        + string.Concat(_items.Select((item, index) => item.Restored(index)))
        + $"    at = {_items.Count}\n"
        + string.Concat(_collections.Select((item, index) =>
            $"    collection_{index}, at = __torch__.precise_bn.{Collections[item.Type].Restore}(state, at)\n"
            + $"    holder_{index} = {item.Owner}\n    holder_{index}.{item.Name} = collection_{index}\n"))
        + "    return None\n";

    private static IEnumerable<Item> ItemsOf(ScriptCode code, ScriptNode node)
    {
        var parameters = code.NamesIn(node.QualifiedName, "__parameters__").Where(name => !code.IsWritten(name)).Append("num_batches_tracked").ToHashSet();
        foreach (var (name, type, _) in code.AttributesOf(node.QualifiedName))
        {
            var isAssigned = code.IsAssigned(name);
            if (ScriptObjects.IsIdentifier(name) && !parameters.Contains(name)
                && (type == "Tensor" || Collections.ContainsKey(type) || (isAssigned && type is "Optional[Tensor]" or "int" or "float" or "bool")))
                yield return new Item(ScriptObjects.KeyOf(node), name, type, isAssigned);
        }
    }

    /// <summary>An attribute of a module.</summary>
    private sealed record Item(string Owner, string Name, string Type, bool IsAssigned)
    {
        public string Key => $"{Owner}.{Name}";

        public string Told => Type switch
        {
            "Tensor" => Key,
            "Optional[Tensor]" => $"__torch__.precise_bn.told({Key})",
            _ => $"torch.tensor({Key})",
        };

        // What the code changes in place may be known by other names, too.
        public string Restored(int index) => Type == "Tensor" && !IsAssigned
            ? $"    kept_{index} = torch.copy_({Key}, state[{index}])\n"
            : $"    owner_{index} = {Owner}\n    owner_{index}.{Name} = {(Type switch
            {
                "Tensor" => $"torch.clone(state[{index}])",
                "Optional[Tensor]" => $"__torch__.precise_bn.restored(state[{index}])",
                _ => $"{Type}(state[{index}])",
            })}\n";
    }
}

using PreciseBn.Formats;
using PreciseBn.Models.Compiled;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>A BatchNorm layer of a TorchScript archive.</summary>
/// <param name="Stored">The layer, and where its statistics are in the file.</param>
/// <param name="Mean">Where its running mean is in the model.</param>
/// <param name="Variance">Where its running variance is in the model.</param>
/// <param name="Sites">Where it is called; nowhere if the code never does.</param>
internal sealed record ScriptLayer(StoredLayer Stored, StatisticsPlace Mean, StatisticsPlace Variance, IReadOnlyList<ScriptSite> Sites);

/// <summary>What is found in a TorchScript archive by reading it. Nothing is executed.</summary>
/// <param name="Layers">The layers, in the order in which they were defined.</param>
/// <param name="Untracked">Names of modules that call BatchNorm without statistics.</param>
/// <param name="Unaccounted">The calls of BatchNorm that are none of these, in words, and their sites.</param>
/// <param name="Copies">Where statistics are copied on their way.</param>
/// <param name="Reached">The modules that the code of the model leads to, in that order.</param>
internal sealed record ScriptLayers(
    IReadOnlyList<ScriptLayer> Layers, IReadOnlyList<string> Untracked, IReadOnlyDictionary<ScriptSite, string> Unaccounted,
    IReadOnlyList<ScriptCopy> Copies, IReadOnlyList<ScriptNode> Reached)
{
    private const string Forward = "forward";

    /// <summary>Whether all of the code has been followed.</summary>
    public bool IsComplete { get; private init; } = true;

    /// <summary>What is to stand in the places of interfaces, so that the statistics behind them can be reached.</summary>
    public IReadOnlyList<ScriptEdit> Interfaces { get; private init; } = [];

    /// <summary>Number format of the constants that the code computes with, as a frozen model does with its weights; <c>null</c> if it has none.</summary>
    public DType? TypeOfConstants { get; private init; }

    public static ScriptLayers Read(TorchArchive archive, IReadOnlyList<ScriptNode> nodes, ScriptCode code)
    {
        if (nodes.Count == 0)
            return new ScriptLayers([], [], new Dictionary<ScriptSite, string>(), [], []);
        var objects = new ScriptObjects(archive, nodes);
        var walk = new ScriptWalk(code, objects);
        foreach (var method in code.MethodsOf(nodes[0].QualifiedName).OrderBy(method => method != Forward))
            walk.Follow(nodes[0], method);
        var classes = nodes.Select(node => node.QualifiedName).ToHashSet();
        foreach (var (_, method) in code.MethodsOfObjects().Where(item => !classes.Contains(item.ClassName)))
            walk.FollowObject(method, nodes[0]);
        var (reached, modules) = (walk.Calls.Count, walk.Reached.ToArray());
        foreach (var node in nodes)
        {
            if (!walk.HasReached(node))
                walk.Follow(node, Forward);
        }
        var holders = new ScriptHolders(nodes);
        var builder = new ScriptLayerBuilder(archive, code, holders, walk);
        for (var i = 0; i < walk.Calls.Count; i++)
            builder.Add(walk.Calls[i], isReached: i < reached);
        foreach (var node in nodes.Where(node => !code.MethodsOf(node.QualifiedName).Contains(Forward)))
            builder.AddWithoutCode(node);
        return builder.Build() with { Reached = modules, IsComplete = walk.IsComplete, TypeOfConstants = objects.TypeOfConstants, Interfaces = ScriptInterfaces.FindClasses(code, nodes) };
    }
}

/// <summary>Which modules have which tensors, under which names.</summary>
internal sealed class ScriptHolders
{
    private readonly Dictionary<string, List<(ScriptNode Node, string Attribute)>> _holders = [];
    private readonly Dictionary<ScriptNode, int> _order = new(ReferenceEqualityComparer.Instance);

    public ScriptHolders(IReadOnlyList<ScriptNode> nodes)
    {
        foreach (var node in nodes)
        {
            _order[node] = _order.Count;
            foreach (var (key, value) in node.Attributes.Items)
            {
                if (key is not string name || TensorPickle.TryRead(value) is not { } stored)
                    continue;
                if (!_holders.TryGetValue(IdentityOf(stored, isConstant: false), out var holders))
                    _holders[IdentityOf(stored, isConstant: false)] = holders = [];
                holders.Add((node, name));
            }
        }
    }

    /// <summary>The same for tensors with the same memory and shape.</summary>
    public static string IdentityOf(StoredTensor stored, bool isConstant) =>
        $"{(isConstant ? "constant " : "")}{stored.Storage}+{stored.Offset}[{string.Join(",", stored.Shape)}]/[{string.Join(",", stored.Strides)}]";

    /// <summary>The modules that have a tensor, in their order.</summary>
    public IReadOnlyList<(ScriptNode Node, string Attribute)> Of(ScriptTensor tensor) =>
        tensor.Owner is null ? [] : _holders.GetValueOrDefault(IdentityOf(tensor.Stored, isConstant: false)) ?? [];

    public int OrderOf(ScriptNode node) => _order[node];
}

/// <summary>
/// The declarations of attributes as interfaces. Through an interface nothing can be reached but its methods, no statistics of what lies
/// behind it; the file says which class each is of.
/// </summary>
internal static class ScriptInterfaces
{
    /// <summary>What to write in their places, where all modules of a class have the same there.</summary>
    public static IReadOnlyList<ScriptEdit> FindClasses(ScriptCode code, IReadOnlyList<ScriptNode> nodes) => nodes
        .SelectMany(node => code.AttributesOf(node.QualifiedName).Select(attribute => (
            File: ScriptCode.FileOf(node.QualifiedName), Attribute: attribute, Class: ClassOf(node.Attributes[attribute.Name]))))
        .Where(item => item.Class is not null && item.Attribute.Type.StartsWith("__torch__.", StringComparison.Ordinal))
        .GroupBy(item => (item.File, item.Attribute), item => item.Class!)
        .Where(group => group.Distinct().ToArray() is [var only] && only != group.Key.Attribute.Type)
        .Select(group => new ScriptEdit(group.Key.File, group.Key.Attribute.Start, 1, group.Key.Attribute.Type.Length, group.First())).ToArray();

    private static string? ClassOf(object? value) => value is PickleInstance { Type: { } type, State: PickleDictionary } ? type.ToString() : null;
}

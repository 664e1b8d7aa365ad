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

/// <summary>A function of libtorch that is BatchNorm.</summary>
/// <param name="Training">Which argument says the mode; -1 is none.</param>
/// <param name="IsTraining">The mode, where no argument says it.</param>
/// <param name="Momentum">Which argument is the momentum; eps is the next.</param>
/// <param name="Results">How many results it has.</param>
/// <param name="Replacement">The function in precise_bn.py that takes its place.</param>
/// <param name="Statistics">Which of the results are the updated statistics; 0 is none.</param>
internal sealed record BatchNormSpelling(int Training, bool IsTraining, int Momentum, int Results, string Replacement, int Statistics = 0)
{
    // Before these are the input, weight and bias.
    public const int Weight = 1;
    public const int Mean = 3;
    public const int Variance = 4;

    private static readonly Dictionary<string, BatchNormSpelling> Spellings = new()
    {
        ["batch_norm"] = new(5, false, 6, 1, "batch_norm"),
        ["native_batch_norm"] = new(5, false, 6, 3, "native_batch_norm"),
        ["_native_batch_norm_legit"] = new(5, false, 6, 3, "native_batch_norm"),
        ["_native_batch_norm_legit_functional"] = new(5, false, 6, 5, "_native_batch_norm_legit_functional", 3),
        ["_native_batch_norm_legit_no_training"] = new(-1, false, 5, 3, "_native_batch_norm_legit_no_training"),
        ["_batch_norm_impl_index"] = new(5, false, 6, 5, "_batch_norm_impl_index"),
        ["_batch_norm_with_update"] = new(-1, true, 5, 4, "_batch_norm_with_update"),
        ["_batch_norm_with_update_functional"] = new(-1, true, 5, 6, "_batch_norm_with_update_functional", 4),
        ["_batch_norm_no_update"] = new(-1, false, 5, 4, "_batch_norm_no_update"),
        ["cudnn_batch_norm"] = new(5, false, 6, 4, "cudnn_batch_norm"),
        ["miopen_batch_norm"] = new(5, false, 6, 3, "native_batch_norm"),
    };

    /// <returns>How to read a call of the function, or <c>null</c> if it is none of these.</returns>
    public static BatchNormSpelling? Find(string function) => Spellings.GetValueOrDefault(function);

    /// <summary>Whether a function normalises by running statistics in a way that cannot be observed.</summary>
    public static bool IsOpaque(string function) =>
        Find(function) is null && (function.StartsWith("batch_norm", StringComparison.Ordinal) || function.StartsWith("_batch_norm", StringComparison.Ordinal))
        && !function.Contains("backward", StringComparison.Ordinal);
}

/// <summary>A place in the code at which BatchNorm is called.</summary>
/// <param name="Function">The function or method that it is in.</param>
/// <param name="Spelling">Name of the function that is called, such as <c>batch_norm</c>.</param>
/// <param name="Start">Where its name begins in the file, with what stands before it.</param>
/// <param name="End">Where the call ends, behind its last bracket.</param>
internal sealed record ScriptSite(ScriptFunction Function, string Spelling, int Start, int End);

/// <summary>A call of BatchNorm.</summary>
/// <param name="Site">Where.</param>
/// <param name="Module">The module whose code it is in.</param>
/// <param name="Mean">What is known of its running mean.</param>
/// <param name="Variance">What is known of its running variance.</param>
/// <param name="IsAffine">Whether it has a weight.</param>
/// <param name="Training">Whether it normalises by the batch, where that is known.</param>
/// <param name="Momentum">What it says of the momentum.</param>
/// <param name="Eps">What it says of eps.</param>
internal sealed record ScriptCall(
    ScriptSite Site, ScriptNode Module, ScriptValue Mean, ScriptValue Variance, bool IsAffine, bool? Training, ScriptValue Momentum, ScriptValue Eps);

/// <summary>A place in the code at which statistics are copied or cast on their way to BatchNorm.</summary>
/// <param name="File">The entry of the archive.</param>
/// <param name="Start">Where the expression begins.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Original">The text of what is copied.</param>
internal sealed record ScriptCopy(string File, int Start, int End, string Original);

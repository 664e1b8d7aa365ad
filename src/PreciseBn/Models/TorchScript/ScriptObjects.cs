using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>The modules and constants of a TorchScript archive, as its code names them.</summary>
internal sealed class ScriptObjects
{
    private readonly Dictionary<object, ScriptNode> _nodes = new(ReferenceEqualityComparer.Instance);
    private readonly object?[] _constants;
    private readonly TorchArchive _archive;

    public ScriptObjects(TorchArchive archive, IReadOnlyList<ScriptNode> nodes)
    {
        _archive = archive;
        Nodes = nodes;
        foreach (var node in nodes)
            _nodes.TryAdd(node.Attributes, node);
        const string Constants = "constants.pkl";
        _constants = archive.Names(Constants).Contains(Constants) && archive.ReadPickle(Constants) is object?[] constants ? constants : [];
    }

    public IReadOnlyList<ScriptNode> Nodes { get; }

    /// <summary>Number format of the first constant that is a matrix or more, as weights are: the data meet it first.</summary>
    public DType? TypeOfConstants => _constants.Select(TensorPickle.TryRead).FirstOrDefault(tensor => tensor is { Shape.Count: > 1 } && tensor.DType.IsFloatingPoint())?.DType;

    /// <summary>What is known of a constant, named such as <c>c12</c>.</summary>
    public ScriptValue Constant(string name) => name.Length > 1 && int.TryParse(name.AsSpan(1), out var index) && index >= 0 && index < _constants.Length
        && TensorPickle.TryRead(_constants[index]) is { } stored
            ? Whole(new ScriptTensor($"CONSTANTS.{name}", stored, null, name))
            : new UnknownValue();

    /// <summary>What is known of an attribute of a module.</summary>
    public ScriptValue Attribute(ScriptNode node, string name) => ToValue(node.Attributes[name], node, name, KeyOf(node, name));

    /// <summary>The number that a constant is.</summary>
    public double Number(StoredTensor constant) => _archive.Find(constant, TorchArchive.Constants).Locate().Read()[0];

    /// <summary>An expression for a module in a method of the root.</summary>
    public static string KeyOf(ScriptNode node) => node.Path.Aggregate(
        "self", Attribute);

    /// <summary>An expression for an attribute of a module in a method of the root.</summary>
    public static string KeyOf(ScriptNode node, string name) => Attribute(KeyOf(node), name);

    /// <summary>Whether code can name an attribute so; those of lists have numbers.</summary>
    public static bool IsIdentifier(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(letter => char.IsLetterOrDigit(letter) || letter == '_');

    private static string Attribute(string module, string name) => IsIdentifier(name) ? $"{module}.{name}" : $"getattr({module}, \"{name}\")";

    private ScriptValue ToValue(object? value, ScriptNode node, string name, string key) => value switch
    {
        null or bool or long or double or string => new LiteralValue(value),
        PickleInstance { State: PickleDictionary state } when _nodes.TryGetValue(state, out var module) => new ModuleValue(module),
        object?[] items => Items(items, node, name, $"({key})"),
        List<object?> items => Items(items, node, name, key),
        PickleInstance { Type: not null, Elements: { Count: > 0 } items } => Items(items, node, name, key),
        PickleInstance { Type.Module: "torch.jit._pickle", Arguments: [List<object?> items, ..] } => Items(items, node, name, key),
        _ when TensorPickle.TryRead(value) is { } stored => Whole(new ScriptTensor(key, stored, node, name)),
        _ => new UnknownValue(),
    };

    private SequenceValue Items(IReadOnlyList<object?> items, ScriptNode node, string name, string key) =>
        new(items.Take(ChoiceValue.Most).Select((item, index) => ToValue(item, node, $"{name}[{index}]", $"{key}[{index}]")).ToArray());

    private static TensorValue Whole(ScriptTensor tensor) => new(tensor, 0, tensor.Stored.Shape, []);
}

using PreciseBn.Formats;

namespace PreciseBn.Models.TorchScript;

/// <summary>What is known of a value before the code runs.</summary>
/// <param name="key">Equal for values of which the same is known.</param>
internal abstract class ScriptValue(string key)
{
    public string Key { get; } = key;

    /// <summary>The values that it may be.</summary>
    public virtual IEnumerable<ScriptValue> Choices => [this];
}

/// <summary>A value of which nothing is known.</summary>
/// <param name="source">What has made it, for messages; empty if that tells nothing.</param>
internal sealed class UnknownValue(string source = "") : ScriptValue("?" + source)
{
    public string Source => source;
}

/// <summary>A number, text, truth value or <c>null</c>.</summary>
internal sealed class LiteralValue(object? value) : ScriptValue($"={value?.GetType().Name}:{value}")
{
    public object? Value => value;

    public double? Number => value switch { long number => number, double number => number, _ => null };
}

/// <summary>A name such as <c>torch.relu</c> or <c>__torch__.module.function</c>.</summary>
internal sealed class QualifiedValue(string name) : ScriptValue("." + name)
{
    public string Name => name;
}

/// <summary>A module of the model.</summary>
internal sealed class ModuleValue(ScriptNode node) : ScriptValue("M" + node.Name)
{
    public ScriptNode Node => node;
}

/// <summary>A method of a module that is called.</summary>
internal sealed class MethodValue(ScriptNode node, string name) : ScriptValue($"F{node.Name}.{name}")
{
    public ScriptNode Node => node;

    public string Name => name;
}

/// <summary>A function that is defined in another, and sees its names.</summary>
internal sealed class ClosureValue(ScriptStatement definition, Dictionary<string, ScriptValue> names) : ScriptValue("C" + definition.GetHashCode())
{
    public ScriptStatement Definition => definition;

    public Dictionary<string, ScriptValue> Names => names;
}

/// <summary>A tuple or list.</summary>
internal sealed class SequenceValue(IReadOnlyList<ScriptValue> items) : ScriptValue($"({string.Join(",", items.Select(item => item.Key))})")
{
    public IReadOnlyList<ScriptValue> Items => items;
}

/// <summary>One of several values.</summary>
internal sealed class ChoiceValue : ScriptValue
{
    public const int Most = 1024;

    private readonly ScriptValue[] _choices;

    private ChoiceValue(ScriptValue[] choices)
        : base($"<{string.Join("|", choices.Select(choice => choice.Key))}>") => _choices = choices;

    public override IEnumerable<ScriptValue> Choices => _choices;

    public static ScriptValue Of(IEnumerable<ScriptValue> values)
    {
        var choices = values.SelectMany(value => value.Choices).DistinctBy(value => value.Key).Take(Most + 1).ToArray();
        return choices.Length == 1 ? choices[0] : choices.Length is 0 or > Most ? new UnknownValue() : new ChoiceValue(choices);
    }
}

/// <summary>A tensor that the file has, or a part of it.</summary>
/// <param name="tensor">The whole.</param>
/// <param name="offset">How many of its elements, in order, stand before the first.</param>
/// <param name="shape">The shape of the part.</param>
/// <param name="copies">Where in the code it has been copied or cast, as numbers.</param>
internal sealed class TensorValue(ScriptTensor tensor, long offset, IReadOnlyList<long> shape, IReadOnlyList<int> copies)
    : ScriptValue($"T{tensor.Key}+{offset}[{string.Join(",", shape)}]{string.Join(",", copies)}")
{
    public ScriptTensor Tensor => tensor;

    public long Offset => offset;

    public IReadOnlyList<long> Shape => shape;

    public IReadOnlyList<int> Copies => copies;

    public long Count => shape.Aggregate(1L, (count, size) => count * size);

    public TensorValue Part(long elements, IReadOnlyList<long> part) => new(tensor, offset + elements, part, copies);

    public TensorValue Copied(int copy) => new(tensor, offset, shape, [.. copies, copy]);
}

/// <summary>A tensor of a TorchScript archive.</summary>
/// <param name="Key">An expression for it in a method of the root module, or of a constant in any.</param>
/// <param name="Stored">Where its elements are.</param>
/// <param name="Owner">The module that has it; <c>null</c> for a constant.</param>
/// <param name="Attribute">The name of the attribute, or number of the constant.</param>
internal sealed record ScriptTensor(string Key, StoredTensor Stored, ScriptNode? Owner, string Attribute);

/// <summary>What functions of libtorch make of the tensors of a file.</summary>
internal static class ScriptTensors
{
    private static readonly HashSet<string> Same = ["detach", "alias", "data", "lift_fresh", "expand_as_self"];
    private static readonly HashSet<string> InPlace = ["add_", "addcmul_", "clamp_", "copy_", "div_", "fill_", "lerp_", "mul_", "sub_", "zero_"];
    private static readonly HashSet<string> Copying = ["clone", "to", "contiguous", "type_as", "_to_copy", "lift_fresh_copy", "positive"];

    /// <summary>Whether a function gives the same values in another tensor.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="arguments">Its other arguments.</param>
    public static bool IsCopy(string function, IReadOnlyList<ScriptValue> arguments) => Copying.Contains(function)
        || (function is "add" or "sub" && arguments.Count > 0 && IsNumber(arguments[0], 0))
        || (function is "mul" or "div" && arguments.Count > 0 && IsNumber(arguments[0], 1));

    /// <returns>The part of the tensor that a function gives, or <c>null</c> if it gives none.</returns>
    public static ScriptValue? Part(string function, TensorValue tensor, IReadOnlyList<ScriptValue> arguments) => function switch
    {
        _ when Same.Contains(function) || InPlace.Contains(function) => tensor,
        "view" or "reshape" or "_unsafe_view" => Reshape(tensor, arguments),
        "flatten" or "ravel" => tensor.Part(0, [tensor.Count]),
        "view_as" or "reshape_as" when arguments.Count > 0 && arguments[0] is TensorValue other && other.Count == tensor.Count => tensor.Part(0, other.Shape),
        "unsqueeze" when Integer(arguments, 0) is { } dimension => Unsqueeze(tensor, dimension),
        "expand" => Expand(tensor, arguments),
        "squeeze" => tensor.Part(0, tensor.Shape.Where(size => size != 1).ToArray()),
        "select" when IsFirst(tensor, arguments, 0) => Select(tensor, Integer(arguments, 1)),
        "narrow" when IsFirst(tensor, arguments, 0) => Slice(tensor, Integer(arguments, 1), Integer(arguments, 1) + Integer(arguments, 2)),
        "slice" when arguments.Count < 2 => tensor,
        "slice" when IsFirst(tensor, arguments, 0) && (arguments.Count < 4 || Integer(arguments, 3) == 1) => Slice(
            tensor, arguments[1] is LiteralValue { Value: null } ? 0 : Integer(arguments, 1), arguments.Count < 3 ? long.MaxValue : Integer(arguments, 2)),
        "unbind" when IsFirst(tensor, arguments, 0) => Rows(tensor),
        "chunk" or "unsafe_chunk" when IsFirst(tensor, arguments, 1) => Pieces(tensor, Integer(arguments, 0) is > 0 and var pieces
            && tensor.Shape.Count > 0 ? (tensor.Shape[0] + pieces - 1) / pieces : null),
        "split" or "unsafe_split" or "split_with_sizes" or "unsafe_split_with_sizes" when IsFirst(tensor, arguments, 1) => arguments[0] is SequenceValue sizes
            ? Pieces(tensor, sizes) : Pieces(tensor, Integer(arguments, 0)),
        _ => null,
    };

    /// <summary>The parts along the first dimension.</summary>
    public static SequenceValue? Rows(TensorValue tensor) => tensor.Shape is [<= ChoiceValue.Most, ..]
        ? new SequenceValue(Enumerable.Range(0, (int)tensor.Shape[0]).Select(row => Row(tensor, row)).ToArray())
        : null;

    private static TensorValue Row(TensorValue tensor, long row) => tensor.Part(row * (tensor.Count / tensor.Shape[0]), tensor.Shape.Skip(1).ToArray());

    private static ScriptValue? Select(TensorValue tensor, long? row)
    {
        if (tensor.Shape.Count == 0)
            return null;
        if (row is null)
            return Rows(tensor) is { } rows ? ChoiceValue.Of(rows.Items) : null;
        var index = row < 0 ? row.Value + tensor.Shape[0] : row.Value;
        return index >= 0 && index < tensor.Shape[0] ? Row(tensor, index) : null;
    }

    private static TensorValue? Slice(TensorValue tensor, long? start, long? end)
    {
        if (tensor.Shape.Count == 0 || start is null || end is null || tensor.Shape[0] == 0)
            return null;
        var size = tensor.Shape[0];
        var from = Math.Clamp(start < 0 ? start.Value + size : start.Value, 0, size);
        var to = Math.Clamp(end < 0 ? end.Value + size : end.Value, from, size);
        return tensor.Part(from * (tensor.Count / size), [to - from, .. tensor.Shape.Skip(1)]);
    }

    private static SequenceValue? Pieces(TensorValue tensor, long? size)
    {
        if (size is not > 0 || tensor.Shape.Count == 0 || tensor.Shape[0] / size > ChoiceValue.Most)
            return null;
        var starts = Enumerable.Range(0, (int)((tensor.Shape[0] + size.Value - 1) / size.Value)).Select(piece => piece * size.Value);
        return new SequenceValue(starts.Select(start => (ScriptValue?)Slice(tensor, start, start + size) ?? new UnknownValue()).ToArray());
    }

    private static SequenceValue? Pieces(TensorValue tensor, SequenceValue sizes)
    {
        var pieces = new List<ScriptValue>();
        var start = 0L;
        foreach (var size in sizes.Items)
        {
            if (size is not LiteralValue { Value: long length } || Slice(tensor, start, start + length) is not { } piece)
                return null;
            pieces.Add(piece);
            start += length;
        }
        return new SequenceValue(pieces);
    }

    private static TensorValue? Unsqueeze(TensorValue tensor, long dimension)
    {
        var at = dimension < 0 ? dimension + tensor.Shape.Count + 1 : dimension;
        return at >= 0 && at <= tensor.Shape.Count ? tensor.Part(0, [.. tensor.Shape.Take((int)at), 1, .. tensor.Shape.Skip((int)at)]) : null;
    }

    // As long as nothing is repeated.
    private static TensorValue? Expand(TensorValue tensor, IReadOnlyList<ScriptValue> arguments)
    {
        if (arguments.Count == 0 || arguments[0] is not SequenceValue { Items: var items } || items.Count < tensor.Shape.Count)
            return null;
        var shape = Enumerable.Repeat(1L, items.Count - tensor.Shape.Count).Concat(tensor.Shape).ToArray();
        return items.Zip(shape).All(pair => pair.First is LiteralValue { Value: long size } && (size == pair.Second || size == -1)) ? tensor.Part(0, shape) : null;
    }

    // Statistics are vectors, so that this is what a shape that is not known comes to.
    private static TensorValue Reshape(TensorValue tensor, IReadOnlyList<ScriptValue> arguments)
    {
        var sizes = arguments.Count > 0 && arguments[0] is SequenceValue sequence
            ? sequence.Items.Select(item => item is LiteralValue { Value: long size } ? size : (long?)null).ToArray() : [];
        if (sizes.Length == 0 || sizes.Contains(null))
            return tensor.Part(0, [tensor.Count]);
        var known = sizes.Where(size => size >= 0).Aggregate(1L, (count, size) => count * size!.Value);
        return tensor.Part(0, sizes.Select(size => size < 0 ? tensor.Count / Math.Max(known, 1) : size!.Value).ToArray());
    }

    // Where it is left out, it is the first.
    private static bool IsFirst(TensorValue tensor, IReadOnlyList<ScriptValue> arguments, int index) =>
        index >= arguments.Count || (Integer(arguments, index) is { } dimension && (dimension == 0 || dimension == -tensor.Shape.Count));

    private static long? Integer(IReadOnlyList<ScriptValue> arguments, int index) =>
        index < arguments.Count && arguments[index] is LiteralValue { Value: long value } ? value : null;

    private static bool IsNumber(ScriptValue value, double number) => value is LiteralValue literal && literal.Number == number;
}

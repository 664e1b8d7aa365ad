using System.Globalization;
using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Formats;

/// <summary>What a pickle says of a tensor: which elements of which storage it is made of.</summary>
/// <param name="DType">Number format.</param>
/// <param name="Storage">Key of the storage in its archive.</param>
/// <param name="Offset">Index of the first element in the storage.</param>
/// <param name="Shape">Size of each dimension; empty for a scalar.</param>
/// <param name="Strides">Distance of neighbours in each dimension, in elements.</param>
internal sealed record StoredTensor(
    DType DType, string Storage, long Offset, IReadOnlyList<long> Shape, IReadOnlyList<long> Strides)
{
    public bool IsVector => Shape.Count == 1;

    public bool IsScalar => Shape.Count == 0;

    /// <summary>Whether its elements stand in the file in their order: side by side, or those of a vector with one distance.</summary>
    public bool IsInOrder
    {
        get
        {
            var expected = 1L;
            for (var dimension = Shape.Count - 1; dimension >= 0; dimension--)
            {
                if (Shape[dimension] != 1 && Strides[dimension] != expected)
                    return IsVector;
                expected *= Shape[dimension];
            }
            return Shape.Count > 0;
        }
    }

    /// <summary>The number of elements of a vector; 1 for a scalar.</summary>
    public long Length => IsScalar ? 1 : Shape[0];
}

/// <summary>Recognises the tensors in what a pickle of PyTorch describes (torch/_utils.py, torch/serialization.py).</summary>
internal static class TensorPickle
{
    private static readonly PickleGlobal RebuildTensor = new("torch._utils", "_rebuild_tensor_v2");
    private static readonly PickleGlobal RebuildParameter = new("torch._utils", "_rebuild_parameter");
    private static readonly PickleGlobal RebuildParameterWithState = new("torch._utils", "_rebuild_parameter_with_state");

    // A tensor with attributes of its own, as those of lazy modules and torch.nn.Buffer have, or of a class of its own.
    private static readonly PickleGlobal RebuildFromType = new("torch._tensor", "_rebuild_from_type_v2");

    /// <returns>The tensor, or <c>null</c> where the value is none, or one of a kind that statistics are never kept in.</returns>
    public static StoredTensor? TryRead(object? value) => ArgumentsOf(value) is { } arguments ? Read(arguments, ElementType) : null;

    /// <summary>Reads the parts of complex numbers, which lie side by side, as a tensor with a last dimension of two.</summary>
    /// <returns>That tensor; <c>null</c> where the value is none of complex numbers, or is their conjugate, which is not what is stored.</returns>
    public static StoredTensor? TryReadParts(object? value) =>
        ArgumentsOf(value) is { } arguments && arguments is not [_, _, _, _, _, _, PickleDictionary { Items.Count: > 0 }, ..]
        && Read(arguments, PartType) is { Offset: >= 0 } whole && whole.Strides.All(stride => stride >= 0)
            ? whole with { Offset = 2 * whole.Offset, Shape = [.. whole.Shape, 2], Strides = [.. whole.Strides.Select(stride => 2 * stride), 1] }
            : null;

    /// <summary>Whether a tensor has other signs than its storage, as the imaginary part of a conjugate.</summary>
    /// <param name="arguments">What PyTorch builds it of.</param>
    public static bool IsNegated(IReadOnlyList<object?> arguments) =>
        arguments is [_, _, _, _, _, _, PickleDictionary marks, ..] && marks.Items.Any(mark => mark is { Key: "neg", Value: true });

    private static StoredTensor? Read(IReadOnlyList<object?> arguments, Func<string, DType?> typeOf)
    {
        if (arguments.Count < 4 || IsNegated(arguments))
            return null;
        return arguments[0] is PicklePersistentId { Id: object?[] { Length: >= 3 } storage }
            && storage[0] is "storage"
            && storage[1] is PickleGlobal { Module: "torch" } storageType
            && typeOf(storageType.Name) is { } dtype
            && storage[2] is string key
            && arguments[1] is long offset
            && Integers(arguments[2]) is { } shape
            && Integers(arguments[3]) is { } strides
            && shape.Length == strides.Length
            ? new StoredTensor(dtype, key, offset, shape, strides)
            : null;
    }

    private static IReadOnlyList<object?>? ArgumentsOf(object? value) => value is not PickleInstance { Type: { } type, Arguments: { } arguments } ? null
        : type == RebuildTensor ? arguments
        : type == RebuildFromType ? arguments is [PickleGlobal function, _, object?[] inner, ..] && function == RebuildTensor ? inner : null
        : (type == RebuildParameter || type == RebuildParameterWithState) && arguments is [PickleInstance data, ..] && data.Type == RebuildTensor ? data.Arguments
        : null;

    private static long[]? Integers(object? value) =>
        value is object?[] items && items.All(item => item is long) ? items.Cast<long>().ToArray() : null;

    private static DType? ElementType(string storage) => storage switch
    {
        "FloatStorage" => DType.Float32,
        "DoubleStorage" => DType.Float64,
        "HalfStorage" => DType.Float16,
        "BFloat16Storage" => DType.BFloat16,
        "LongStorage" => DType.Int64,
        "IntStorage" => DType.Int32,
        "ShortStorage" => DType.Int16,
        "CharStorage" => DType.Int8,
        "ByteStorage" => DType.UInt8,
        "BoolStorage" => DType.Bool,
        _ => null,
    };

    private static DType? PartType(string storage) => storage switch
    {
        "ComplexFloatStorage" => DType.Float32,
        "ComplexDoubleStorage" => DType.Float64,
        _ => null,
    };
}

/// <summary>Walks what torch.save has pickled: dictionaries, lists and objects nested in each other, with tensors as leaves.</summary>
internal static class TensorTree
{
    private const int DeepestNesting = 500;
    private const int LongestName = 10_000;

    // In a pickled module, as against a state_dict, tensors and submodules lie in these; state_dict() leaves them out of names.
    private static readonly HashSet<string> ModuleContainers = ["_modules", "_buffers", "_parameters"];

    /// <summary>The tensors by name, each container once, in the order of the file.</summary>
    public static IEnumerable<(string Name, StoredTensor Tensor)> Enumerate(object? tree, string path) =>
        from leaf in Leaves(tree, path) where leaf.Tensor is not null select (leaf.Name, leaf.Tensor);

    /// <summary>The tensors, and what stands in the place of one, by name, each container once, in the order of the file.</summary>
    public static IEnumerable<(string Name, StoredTensor? Tensor, ForeignTensor? Foreign)> Leaves(object? tree, string path)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<(string Name, int Depth, object? Value)>();
        pending.Push(("", 0, tree));
        while (pending.TryPop(out var next))
        {
            var foreign = ForeignTensor.TryRead(next.Value);
            var tensor = foreign is null ? TensorPickle.TryRead(next.Value) : null;
            if (foreign is not null || tensor is not null)
            {
                yield return (next.Name, tensor, foreign);
                continue;
            }
            if (next.Value is null || Children(next.Value) is not { } children || !seen.Add(next.Value))
                continue;
            if (next.Depth > DeepestNesting || next.Name.Length > LongestName)
                throw FileErrors.LimitExceeded(path, "its tensors are nested too deep");
            foreach (var (key, value) in children.Reverse())
                pending.Push((Join(next.Name, Text(key)), next.Depth + 1, value));
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

    /// <summary>A key, as Python shows it.</summary>
    public static string Text(object? key) => key switch
    {
        string text => text,
        null => "None",
        object?[] tuple => $"({string.Join(", ", tuple.Take(8).Select(item => item is Array ? "(…)" : Text(item)))})",
        PickleInstance instance => $"{instance.Type}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{key}",
    };

    /// <summary>The name of what is in a container.</summary>
    public static string Join(string name, string key) =>
        ModuleContainers.Contains(key) ? name : name.Length == 0 ? key : $"{name}.{key}";
}

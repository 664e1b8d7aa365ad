using PreciseBn.Primitives;

namespace PreciseBn.Formats;

/// <summary>Recognises the tensors in what a pickle of PyTorch describes (torch/_utils.py, torch/serialization.py).</summary>
internal static class TensorPickle
{
    private static readonly PickleGlobal RebuildTensor = new("torch._utils", "_rebuild_tensor_v2");
    private static readonly PickleGlobal RebuildParameter = new("torch._utils", "_rebuild_parameter");
    private static readonly PickleGlobal RebuildParameterWithState = new("torch._utils", "_rebuild_parameter_with_state");

    // A tensor with attributes of its own, as those of lazy modules and torch.nn.Buffer have, or of a class of its own.
    private static readonly PickleGlobal RebuildFromType = new("torch._tensor", "_rebuild_from_type_v2");

    /// <returns>The tensor, or <c>null</c> where the value is none, or one of a kind that statistics are never kept in.</returns>
    public static StoredTensor? TryRead(object? value)
    {
        if (ArgumentsOf(value) is not { Count: >= 4 } arguments)
            return null;
        return arguments[0] is PicklePersistentId { Id: object?[] { Length: >= 3 } storage }
            && storage[0] is "storage"
            && storage[1] is PickleGlobal { Module: "torch" } storageType
            && ElementType(storageType.Name) is { } dtype
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
}

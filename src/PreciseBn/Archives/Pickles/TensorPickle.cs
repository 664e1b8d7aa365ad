namespace PreciseBn.Archives.Pickles;

/// <summary>Recognises the tensors in what a pickle of PyTorch describes (torch/_utils.py, torch/serialization.py).</summary>
internal static class TensorPickle
{
    private static readonly PickleGlobal RebuildTensor = new("torch._utils", "_rebuild_tensor_v2");
    private static readonly PickleGlobal RebuildParameter = new("torch._utils", "_rebuild_parameter");

    /// <returns>The tensor, or <c>null</c> where the value is none, or one of a kind that statistics are never kept in.</returns>
    public static StoredTensor? TryRead(object? value)
    {
        if (value is not PickleInstance { Type: { } type, Arguments: { } arguments })
            return null;
        if (type == RebuildParameter && arguments.Count > 0)
            return (arguments[0] as PickleInstance)?.Type == RebuildTensor ? TryRead(arguments[0]) : null;
        if (type != RebuildTensor || arguments.Count < 4)
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

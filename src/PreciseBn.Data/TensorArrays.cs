using PreciseBn.Formats;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Data;

/// <summary>Tensors and .NET arrays as numeric arrays in memory.</summary>
internal static class TensorArrays
{
    /// <summary>Copies a tensor, or an array of numbers with one or more dimensions.</summary>
    /// <exception cref="PreciseBnException">It is neither.</exception>
    public static StoredArray Copy(object value, string name)
    {
        using var scope = NewDisposeScope();
        var tensor = AsTensor(value).detach().cpu().Unmarked().contiguous();
        var (dtype, shape) = (tensor.dtype.ToDType(), tensor.shape);
        if (StoredArray.Size(dtype, shape) <= Array.MaxLength)
        {
            var bytes = tensor.bytes.ToArray();
            return StoredArray.InMemory(name, dtype, shape, () => bytes);
        }
        if (StoredArray.Size(dtype, shape[1..]) > Array.MaxLength)
            throw DataErrors.ItemTooLarge(name, $"{dtype} [{string.Join(", ", shape)}]");
        var items = Enumerable.Range(0, checked((int)shape[0])).Select(index => TensorBytes.OfItems(tensor, index).ToArray()).ToArray();
        return StoredArray.OfItems(name, dtype, shape, (index, item) => items[index].CopyTo(item));
    }

    /// <summary>The tensor itself, or a new one with the numbers of an array.</summary>
    /// <exception cref="PreciseBnException">It is neither.</exception>
    public static Tensor AsTensor(object value) => value switch
    {
        Tensor tensor => tensor,
        Array array when IsNumeric(array) => from_array(array),
        _ => throw DataErrors.NotData(value),
    };

    /// <exception cref="PreciseBnException">It is neither a tensor nor an array of numbers.</exception>
    public static void Require(object value)
    {
        if (value is not (Tensor or Array) || (value is Array array && !IsNumeric(array)))
            throw DataErrors.NotData(value);
    }

    public static bool IsNumeric(Array array) => array.GetType().GetElementType() is { IsPrimitive: true } type
        && type != typeof(char) && type != typeof(nint) && type != typeof(nuint)
        && type != typeof(ushort) && type != typeof(uint) && type != typeof(ulong);
}

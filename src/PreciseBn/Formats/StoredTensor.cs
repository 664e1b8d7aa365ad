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

    /// <summary>The number of elements of a vector; 1 for a scalar.</summary>
    public long Length => IsScalar ? 1 : Shape[0];
}

using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Files;

/// <summary>Gathers the elements of an item of a strided tensor, in row-major order.</summary>
/// <param name="tensor">The tensor; its first dimension are the items.</param>
internal sealed class TensorItems(StoredTensor tensor)
{
    private readonly int _size = tensor.DType.Size();
    private readonly long[] _shape = tensor.Shape.Skip(1).ToArray();
    private readonly long[] _strides = tensor.Strides.Skip(1).ToArray();

    /// <summary>Number of elements from the first of an item to its last in the storage.</summary>
    public long Span => 1 + _shape.Zip(_strides, (length, stride) => (length - 1) * stride).Sum();

    /// <param name="source">The storage from the first element of the item on.</param>
    /// <param name="item">Where the item goes.</param>
    public void Copy(ReadOnlySpan<byte> source, Span<byte> item)
    {
        var index = new long[_shape.Length];
        var at = 0L;
        for (var position = 0; position < item.Length; position += _size)
        {
            source.Slice((int)(at * _size), _size).CopyTo(item[position..]);
            for (var dimension = _shape.Length - 1; dimension >= 0; dimension--)
            {
                at += _strides[dimension];
                if (++index[dimension] < _shape[dimension])
                    break;
                at -= _strides[dimension] * _shape[dimension];
                index[dimension] = 0;
            }
        }
    }
}

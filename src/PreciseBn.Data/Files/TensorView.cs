using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Files;

/// <summary>
/// Makes a row-major array of a tensor that torch.save has written. A tensor may be a view: transposed, every n-th item of
/// another, or one value repeated.
/// </summary>
internal static class TensorView
{
    // A little more than an item may be read to get it in one piece, as of images with channels last or of a cut-out.
    private const int MostWaste = 4;

    /// <exception cref="PreciseBnException">The tensor lies outside of its storage, or claims to be larger than it can be.</exception>
    public static StoredArray Create(string name, ArchivedTensor archived)
    {
        var (tensor, file) = (archived.Tensor, archived.Zip.File);
        var size = tensor.DType.Size();
        var capacity = archived.Storage.Size / size;
        var items = tensor.Shape.Count == 0 ? 1 : tensor.Shape[0];
        var isEmpty = tensor.Shape.Contains(0);
        if (tensor.Offset < 0 || tensor.Shape.Concat(tensor.Strides).Any(number => number < 0) || (!isEmpty && Last(tensor) >= capacity))
            throw FileErrors.Damaged(file.Path, $"its tensor '{name}' lies outside of its storage");
        var itemSize = StoredArray.Size(tensor.DType, tensor.Shape.Skip(1).ToArray());
        if (!isEmpty && (itemSize > Math.Max(archived.Storage.Size, size) || items > long.MaxValue / Math.Max(itemSize, 1)))
            throw FileErrors.LimitExceeded(file.Path, $"its tensor '{name}' claims to be larger than its storage");
        var storage = Storage(archived);
        if (isEmpty || IsRowMajor(tensor))
            return StoredArray.OfItems(name, tensor.DType, tensor.Shape, (index, item) => storage.Read((tensor.Offset * size) + (index * itemSize), item));
        var gather = new TensorItems(tensor);
        var isScattered = gather.Span > MostWaste * (itemSize / size);
        if (isScattered && archived.Storage.Size > Array.MaxLength)
            throw FileErrors.Unsupported(
                file.Path, $"the items of its tensor '{name}' are scattered over {archived.Storage.Size} bytes", "Save contiguous() of it.");
        var whole = isScattered ? new Lazy<byte[]>(() => ReadAll(storage)) : null;
        return StoredArray.OfItems(name, tensor.DType, tensor.Shape, (index, item) =>
        {
            var start = tensor.Offset + (index * tensor.Strides[0]);
            if (whole is not null)
            {
                gather.Copy(whole.Value.AsSpan(checked((int)(start * size))), item);
                return;
            }
            var bytes = new byte[gather.Span * size];
            storage.Read(start * size, bytes);
            gather.Copy(bytes, item);
        });
    }

    private static StoredArray Storage(ArchivedTensor archived)
    {
        var (zip, entry) = (archived.Zip, archived.Storage);
        return entry.IsStored
            ? StoredArray.InFile(entry.Name, DType.UInt8, [entry.Size], zip.File, entry.DataPosition(zip.File))
            : StoredArray.InMemory(entry.Name, DType.UInt8, [entry.Size], () => zip.ReadAll(entry, Array.MaxLength));
    }

    private static byte[] ReadAll(StoredArray storage)
    {
        var bytes = new byte[storage.Shape[0]];
        storage.Read(0, bytes);
        return bytes;
    }

    private static long Last(StoredTensor tensor)
    {
        Int128 last = tensor.Offset;
        for (var i = 0; i < tensor.Shape.Count; i++)
            last += (Int128)(tensor.Shape[i] - 1) * tensor.Strides[i];
        return (long)Int128.Min(last, long.MaxValue);
    }

    private static bool IsRowMajor(StoredTensor tensor)
    {
        var expected = 1L;
        for (var i = tensor.Shape.Count - 1; i >= 0; i--)
        {
            if (tensor.Shape[i] != 1 && tensor.Strides[i] != expected)
                return false;
            expected *= tensor.Shape[i];
        }
        return true;
    }
}

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

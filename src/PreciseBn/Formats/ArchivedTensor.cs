using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Formats;

/// <summary>A tensor whose elements are in an entry of a zip archive.</summary>
/// <param name="Tensor">Which elements of the entry it is made of.</param>
/// <param name="Zip">The archive.</param>
/// <param name="Storage">The entry.</param>
/// <param name="Outer">The entries that the archive itself lies in, from the innermost out.</param>
internal sealed record ArchivedTensor(StoredTensor Tensor, ZipContents Zip, ZipEntry Storage, IReadOnlyList<ZipEntry> Outer)
{
    /// <summary>Where the elements of a vector or scalar are in the file.</summary>
    /// <exception cref="PreciseBnException">They do not lie in their storage, or it is compressed.</exception>
    public TensorSlot Locate()
    {
        RequireStored();
        var stride = Tensor.IsScalar ? 1 : Tensor.Strides[0];
        var capacity = Storage.Size / Tensor.DType.Size();
        if (Tensor.Offset < 0 || stride < 0 || Tensor.Length is < 1 or > TensorSlot.LongestVector || Tensor.Offset >= capacity
            || (Tensor.Length - 1) > (capacity - 1 - Tensor.Offset) / Math.Max(stride, 1))
            throw FileErrors.Damaged(Zip.File.Path, $"a tensor lies outside its entry '{Storage.Name}'");
        return new TensorSlot
        {
            File = Zip.File,
            DType = Tensor.DType,
            Length = (int)Tensor.Length,
            Position = Storage.DataPosition(Zip.File) + (Tensor.Offset * Tensor.DType.Size()),
            Stride = stride * Tensor.DType.Size(),
            Containers = [Storage, .. Outer],
        };
    }

    private void RequireStored()
    {
        if (!Storage.IsStored)
            throw FileErrors.Compressed(Zip.File.Path, Storage.Name);
    }
}

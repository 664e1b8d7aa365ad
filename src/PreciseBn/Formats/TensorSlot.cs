using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Formats;

/// <summary>The place in a file where the elements of a vector or scalar stand.</summary>
internal sealed record TensorSlot
{
    /// <summary>No layer has more channels than this; a file that says so asks for more memory than it deserves.</summary>
    public const int LongestVector = 1 << 24;

    public required SourceFile File { get; init; }

    public required DType DType { get; init; }

    public required int Length { get; init; }

    /// <summary>Where the first element is, counted from the start of the file.</summary>
    public required long Position { get; init; }

    /// <summary>Bytes from one element to the next; 0 where one number stands for all elements, as in what <c>expand</c> makes.</summary>
    public required long Stride { get; init; }

    /// <summary>Whether several elements have one number between them.</summary>
    public bool IsExpanded => Stride == 0 && Length > 1;

    /// <summary>The zip entries whose checksums cover the elements, from the innermost out.</summary>
    public IReadOnlyList<ZipEntry> Containers { get; init; } = [];

    public long PositionOf(int element) => Position + (element * Stride);

    public double[] Read()
    {
        var values = new double[Length];
        var size = DType.Size();
        if (IsExpanded)
        {
            Array.Fill(values, NumberFormat.Read(DType, File.Read(Position, size)));
            return values;
        }
        var buffer = new byte[size];
        var isContiguous = Stride == size;
        var bytes = isContiguous ? File.Read(Position, Length * size) : [];
        for (var i = 0; i < Length; i++)
        {
            if (!isContiguous)
                File.Read(PositionOf(i), buffer);
            values[i] = NumberFormat.Read(DType, isContiguous ? bytes.AsSpan(i * size) : buffer);
        }
        return values;
    }
}

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
            || (stride > 0 && (Tensor.Length - 1) > (capacity - 1 - Tensor.Offset) / stride))
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

/// <summary>New values for the elements of a slot, rounded to its number format when they are written.</summary>
internal sealed record SlotEdit(TensorSlot Slot, IReadOnlyList<double> Values);

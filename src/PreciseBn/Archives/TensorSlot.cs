namespace PreciseBn.Archives;

/// <summary>The place in a file where the elements of a vector or scalar stand.</summary>
internal sealed record TensorSlot
{
    public required DType DType { get; init; }

    public required int Length { get; init; }

    /// <summary>Where the first element is, counted from the start of the file.</summary>
    public required long Position { get; init; }

    /// <summary>Bytes from one element to the next.</summary>
    public required long Stride { get; init; }

    /// <summary>The zip entries whose checksums cover the elements, from the innermost out.</summary>
    public required IReadOnlyList<ZipEntry> Containers { get; init; }

    public double[] Read(SourceFile file)
    {
        var values = new double[Length];
        var size = DType.Size();
        var buffer = new byte[size];
        var isContiguous = Stride == size;
        var bytes = isContiguous ? file.Read(Position, Length * size) : [];
        for (var i = 0; i < Length; i++)
        {
            if (!isContiguous)
                file.Read(Position + (i * Stride), buffer);
            values[i] = NumberFormat.Read(DType, isContiguous ? bytes.AsSpan(i * size) : buffer);
        }
        return values;
    }
}

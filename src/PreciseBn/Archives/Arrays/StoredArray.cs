namespace PreciseBn.Archives.Arrays;

/// <summary>
/// A numeric array in row-major order, read piece by piece from a file or held in memory. Safe for use by many threads.
/// </summary>
internal sealed class StoredArray
{
    private readonly ReadAt _read;

    private StoredArray(string name, DType dtype, IReadOnlyList<long> shape, ReadAt read)
    {
        Name = name;
        DType = dtype;
        Shape = shape;
        _read = read;
    }

    private delegate void ReadAt(long offset, Span<byte> buffer);

    public string Name { get; }

    public DType DType { get; }

    public IReadOnlyList<long> Shape { get; }

    /// <summary>An array whose bytes lie in a file as they are.</summary>
    public static StoredArray InFile(string name, DType dtype, IReadOnlyList<long> shape, SourceFile file, long position) =>
        new(name, dtype, shape, (offset, buffer) => file.Read(position + offset, buffer));

    /// <summary>An array whose bytes come into memory when they are first needed.</summary>
    public static StoredArray InMemory(string name, DType dtype, IReadOnlyList<long> shape, Func<byte[]> load)
    {
        var bytes = new Lazy<byte[]>(load);
        return new(name, dtype, shape, (offset, buffer) => bytes.Value.AsSpan(checked((int)offset), buffer.Length).CopyTo(buffer));
    }

    /// <summary>Arrays of the same name and kind, one behind the other along the first dimension.</summary>
    /// <returns>The whole, or <c>null</c> where they do not fit together.</returns>
    public static StoredArray? Concatenate(IReadOnlyList<StoredArray> parts)
    {
        var first = parts[0];
        if (parts.Count == 1)
            return first;
        if (parts.Any(part => part.DType != first.DType || part.Shape.Count == 0 || !part.Shape.Skip(1).SequenceEqual(first.Shape.Skip(1))))
            return null;
        var row = Size(first.DType, first.Shape.Skip(1).ToArray());
        return new StoredArray(first.Name, first.DType, [parts.Sum(part => part.Shape[0]), .. first.Shape.Skip(1)], (offset, buffer) =>
        {
            foreach (var part in parts)
            {
                var length = part.Shape[0] * row;
                var count = (int)Math.Clamp(length - offset, 0, buffer.Length);
                if (count > 0)
                    part.Read(offset, buffer[..count]);
                buffer = buffer[count..];
                offset = Math.Max(0, offset - length);
            }
        });
    }

    /// <summary>The number of bytes an array takes; saturates where it would not fit 64 bits.</summary>
    public static long Size(DType dtype, IReadOnlyList<long> shape)
    {
        Int128 size = dtype.Size();
        foreach (var length in shape)
            size = Int128.Min(size * length, long.MaxValue);
        return (long)size;
    }

    public void Read(long offset, Span<byte> buffer) => _read(offset, buffer);
}

using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Formats;

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

    /// <summary>Reads the item at an index of the first dimension.</summary>
    public delegate void ReadItem(long index, Span<byte> item);

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

    /// <summary>An array whose items, along the first dimension, are read one by one.</summary>
    public static StoredArray OfItems(string name, DType dtype, IReadOnlyList<long> shape, ReadItem read)
    {
        var size = Size(dtype, shape.Skip(1).ToArray());
        return new(name, dtype, shape, (offset, buffer) =>
        {
            if (buffer.Length == 0)
                return;
            if (offset % size != 0 || buffer.Length % size != 0)
                throw new ArgumentOutOfRangeException(nameof(offset), offset, "Only whole items can be read.");
            for (var index = offset / size; buffer.Length > 0; index++, buffer = buffer[(int)size..])
                read(index, buffer[..(int)size]);
        });
    }

    /// <summary>Arrays of the same kind, one behind the other along the first dimension, under the name of the first.</summary>
    public static StoredArray Concatenate(IReadOnlyList<StoredArray> parts)
    {
        var first = parts[0];
        if (parts.Count == 1)
            return first;
        var ends = new long[parts.Count];
        for (var i = 0; i < ends.Length; i++)
            ends[i] = (i == 0 ? 0 : ends[i - 1]) + parts[i].Size();
        return new StoredArray(first.Name, first.DType, [parts.Sum(part => part.Shape[0]), .. first.Shape.Skip(1)], (offset, buffer) =>
        {
            var at = Array.BinarySearch(ends, offset);
            for (var i = at < 0 ? ~at : at + 1; buffer.Length > 0; i++)
            {
                var count = (int)Math.Min(ends[i] - offset, buffer.Length);
                if (count > 0)
                    parts[i].Read(parts[i].Size() - (ends[i] - offset), buffer[..count]);
                buffer = buffer[count..];
                offset += count;
            }
        });
    }

    /// <summary>Whether items of the other array can stand behind those of this one.</summary>
    public bool IsLike(StoredArray other) =>
        DType == other.DType && Shape.Count > 0 && other.Shape.Count > 0 && Shape.Skip(1).SequenceEqual(other.Shape.Skip(1));

    /// <summary>The same array under another name.</summary>
    public StoredArray Rename(string name) => new(name, DType, Shape, _read);

    /// <summary>Number format and shape, for messages.</summary>
    public string Describe() => $"{DType} [{string.Join(", ", Shape)}]";

    /// <summary>The number of bytes an array takes; saturates where it would not fit 64 bits.</summary>
    public static long Size(DType dtype, IReadOnlyList<long> shape)
    {
        Int128 size = dtype.Size();
        foreach (var length in shape)
            size = Int128.Min(size * length, long.MaxValue);
        return (long)size;
    }

    public void Read(long offset, Span<byte> buffer) => _read(offset, buffer);

    private long Size() => Size(DType, Shape);
}

/// <summary>A file of numeric arrays, open for reading.</summary>
/// <param name="path">Path of the file.</param>
/// <param name="arrays">The arrays in the order of the file.</param>
/// <param name="source">What they are read from.</param>
internal sealed class ArrayFile(string path, IReadOnlyList<StoredArray> arrays, IDisposable source) : IDisposable
{
    public string Path { get; } = path;

    public IReadOnlyList<StoredArray> Arrays { get; } = arrays;

    /// <summary>The arrays that a model is meant to get, where the format says which of several; else empty.</summary>
    public IReadOnlyList<string> InputNames { get; init; } = [];

    /// <summary>Whether the file holds one array without a name, which goes by that of the file then.</summary>
    public bool IsUnnamed { get; init; }

    /// <summary>The columns that were taken of a table; else empty.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>What an array without a name goes by.</summary>
    public static string NameOf(string path)
    {
        var name = System.IO.Path.GetFileName(path);
        return System.IO.Path.GetFileNameWithoutExtension(name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name);
    }

    public void Dispose() => source.Dispose();
}

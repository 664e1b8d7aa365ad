using System.IO.Compression;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Data.Files;

/// <summary>
/// An array in the IDX format, which MNIST and its like come in, packed by gzip or not: two zeros, the type of the elements,
/// the number of dimensions, their sizes, and the elements, all big-endian (yann.lecun.com/exdb/mnist).
/// </summary>
internal static class IdxFile
{
    private const int MostDimensions = 8;
    private const int MagicSize = 4;
    // No stream of deflate unpacks to more than this many times its size.
    private const int HighestRatio = 1032;

    /// <returns>The array, or <c>null</c> where the file does not begin as such files do.</returns>
    /// <exception cref="PreciseBnException">The file is damaged.</exception>
    public static ArrayFile? TryRead(SourceFile file)
    {
        var isPacked = file.Length >= 2 && file.Read(0, 2) is [0x1f, 0x8b];
        using var stream = Open(file, isPacked);
        if (TryReadHeader(stream, file.Path) is not var (dtype, shape))
            return null;
        var (start, size) = (MagicSize + (sizeof(int) * shape.Length), StoredArray.Size(dtype, shape));
        if (isPacked ? size > Math.Min(Array.MaxLength, file.Length * HighestRatio) : size > file.Length - start)
            throw FileErrors.Truncated(file.Path);
        if (!isPacked && size < file.Length - start)
            throw FileErrors.Damaged(file.Path, "it is longer than its header says");
        var name = ArrayFile.NameOf(file.Path);
        var bytes = isPacked
            ? StoredArray.InMemory(name, dtype, shape, () => Unpack(file, start, (int)size))
            : StoredArray.InFile(name, dtype, shape, file, start);
        return new ArrayFile(file.Path, [dtype.Size() == 1 ? bytes : LittleEndian(bytes)], file) { IsUnnamed = true };
    }

    private static Stream Open(SourceFile file, bool isPacked)
    {
        var stream = file.OpenRange(0, file.Length);
        return isPacked ? new GZipStream(stream, CompressionMode.Decompress) : stream;
    }

    private static (DType DType, long[] Shape)? TryReadHeader(Stream stream, string path)
    {
        try
        {
            var magic = new byte[MagicSize];
            if (stream.ReadAtLeast(magic, MagicSize, throwOnEndOfStream: false) < MagicSize || magic[0] != 0 || magic[1] != 0
                || ElementType(magic[2]) is not { } dtype || magic[3] is 0 or > MostDimensions)
                return null;
            var sizes = new byte[sizeof(int) * magic[3]];
            stream.ReadExactly(sizes);
            return (dtype, sizes.Chunk(sizeof(int)).Select(size => (long)ReadUInt32BigEndian(size)).ToArray());
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw FileErrors.Truncated(path);
        }
    }

    private static DType? ElementType(byte code) => code switch
    {
        0x08 => DType.UInt8,
        0x09 => DType.Int8,
        0x0b => DType.Int16,
        0x0c => DType.Int32,
        0x0d => DType.Float32,
        0x0e => DType.Float64,
        _ => null,
    };

    private static byte[] Unpack(SourceFile file, int start, int size)
    {
        try
        {
            using var stream = Open(file, isPacked: true);
            stream.ReadExactly(new byte[start]);
            var bytes = new byte[size];
            stream.ReadExactly(bytes);
            // At the end the checksum is compared.
            return stream.ReadByte() < 0 ? bytes : throw FileErrors.Damaged(file.Path, "it is longer than its header says");
        }
        catch (EndOfStreamException)
        {
            throw FileErrors.Truncated(file.Path);
        }
        catch (InvalidDataException)
        {
            throw FileErrors.Damaged(file.Path, "it cannot be unpacked");
        }
    }

    private static StoredArray LittleEndian(StoredArray array)
    {
        var size = array.DType.Size();
        var row = StoredArray.Size(array.DType, array.Shape.Skip(1).ToArray());
        return StoredArray.OfItems(array.Name, array.DType, array.Shape, (index, item) =>
        {
            array.Read(index * row, item);
            for (var at = 0; at < item.Length; at += size)
                item.Slice(at, size).Reverse();
        });
    }
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using PreciseBn.Files;
using PreciseBn.Primitives;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

/// <summary>Files that NumPy writes: .npy, and .npz, which is a zip archive of such.</summary>
internal static class NumpyFile
{
    private const string NpyEnding = ".npy";

    /// <exception cref="PreciseBnException">The file is damaged, or holds something else.</exception>
    public static ArrayFile ReadNpy(SourceFile file)
    {
        using var stream = file.OpenRange(0, file.Length);
        var header = NpyHeader.Read(stream, file.Path);
        if (StoredArray.Size(header.DType, header.Shape) > file.Length - header.Length)
            throw FileErrors.Truncated(file.Path);
        var array = StoredArray.InFile(ArrayFile.NameOf(file.Path), header.DType, header.Shape, file, header.Length);
        return new ArrayFile(file.Path, [array], file) { IsUnnamed = true };
    }

    /// <exception cref="PreciseBnException">The file is damaged, or holds something else.</exception>
    public static ArrayFile ReadNpz(SourceFile file)
    {
        var zip = ZipContents.TryOpen(file, 0, file.Length)
            ?? throw FileErrors.Damaged(file.Path, "it is no complete zip archive, which a .npz is");
        var arrays = zip.Entries.Values.Where(entry => entry.Name.EndsWith(NpyEnding, StringComparison.Ordinal))
            .Select(entry => ReadEntry(zip, entry)).ToArray();
        return new ArrayFile(file.Path, arrays, file);
    }

    private static StoredArray ReadEntry(ZipContents zip, ZipEntry entry)
    {
        using var stream = zip.Open(entry);
        var header = NpyHeader.Read(stream, $"{zip.File.Path}/{entry.Name}");
        var size = StoredArray.Size(header.DType, header.Shape);
        if (size > entry.Size - header.Length)
            throw FileErrors.Damaged(zip.File.Path, $"its entry '{entry.Name}' is shorter than its header says");
        var name = entry.Name[..^NpyEnding.Length];
        if (entry.IsStored)
            return StoredArray.InFile(name, header.DType, header.Shape, zip.File, entry.DataPosition(zip.File) + header.Length);
        // What is compressed cannot be read from the middle, so it is unpacked when it is first needed.
        return StoredArray.InMemory(
            name, header.DType, header.Shape, () => zip.ReadAll(entry, Array.MaxLength)[header.Length..]);
    }
}

/// <summary>The header of a .npy array (NumPy Enhancement Proposal 1, format versions 1 to 3).</summary>
/// <param name="DType">Number format.</param>
/// <param name="Shape">Size of each dimension.</param>
/// <param name="Length">Bytes before the first element.</param>
internal sealed partial record NpyHeader(DType DType, IReadOnlyList<long> Shape, int Length)
{
    private const int LongestHeader = 1 << 20;

    /// <exception cref="PreciseBnException">The stream holds no array, or one that cannot be used.</exception>
    public static NpyHeader Read(Stream stream, string path)
    {
        try
        {
            return Parse(stream, path);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw FileErrors.Truncated(path);
        }
    }

    private static NpyHeader Parse(Stream stream, string path)
    {
        var start = Take(stream, 8);
        if (start[0] != 0x93 || !start.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
            throw FileErrors.Unsupported(path, "it is no NumPy array", "Save it with numpy.save.");
        var isLong = start[6] > 1;
        long length = isLong ? ReadUInt32LittleEndian(Take(stream, 4)) : ReadUInt16LittleEndian(Take(stream, 2));
        if (length > LongestHeader)
            throw FileErrors.LimitExceeded(path, $"its header claims {length} bytes");
        var text = Encoding.UTF8.GetString(Take(stream, (int)length));

        var description = Description().Match(text);
        if (!description.Success)
            throw FileErrors.Unsupported(path, "its elements are not numbers", "Save an array of plain numbers.");
        var shape = Shapes().Match(text);
        if (!shape.Success)
            throw FileErrors.Damaged(path, "its header names no shape");
        var sizes = Sizes(shape.Groups["sizes"].Value, path);
        if (sizes.Length > 1 && text.Contains("'fortran_order': True", StringComparison.Ordinal))
            throw FileErrors.Unsupported(path, "it is in Fortran order", "Save numpy.ascontiguousarray of it.");
        return new NpyHeader(ElementType(description.Groups["type"].Value, path), sizes, start.Length + (isLong ? 4 : 2) + (int)length);
    }

    private static byte[] Take(Stream stream, int count)
    {
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static long[] Sizes(string text, string path)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Array.ConvertAll(parts, part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? size
            : throw FileErrors.Damaged(path, $"its header has the shape ({text})"));
    }

    private static DType ElementType(string type, string path) => type switch
    {
        "<f4" => DType.Float32,
        "<f8" => DType.Float64,
        "<f2" => DType.Float16,
        "|u1" => DType.UInt8,
        "|i1" => DType.Int8,
        "<i2" => DType.Int16,
        "<i4" => DType.Int32,
        "<i8" => DType.Int64,
        "|b1" => DType.Bool,
        _ when type.StartsWith('>') => throw FileErrors.Unsupported(
            path, $"its elements ({type}) are big-endian", "Save it as a little-endian array: a.astype(a.dtype.newbyteorder('<'))."),
        _ => throw FileErrors.Unsupported(
            path, $"its elements are of the type '{type}'", "Save it as float32, float64, float16, uint8 or a signed integer."),
    };

    [GeneratedRegex(@"'descr'\s*:\s*'(?<type>[^']*)'")]
    private static partial Regex Description();

    [GeneratedRegex(@"'shape'\s*:\s*\((?<sizes>[^)]*)\)")]
    private static partial Regex Shapes();
}

using System.Text;
using PreciseBn.Files;
using PreciseBn.Primitives;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

/// <summary>Reads the central directory of a zip archive, trusting nothing in it.</summary>
internal static class ZipDirectory
{
    private const int LargestDirectory = 256 << 20;

    /// <summary>The entries of the archive that occupies a range of the file, by name.</summary>
    /// <exception cref="PreciseBnException">The directory is damaged or hostile.</exception>
    public static Dictionary<string, ZipEntry> Read(SourceFile file, long start, ZipEndRecord end)
    {
        if (end.DirectorySize is < 0 or > LargestDirectory)
            throw FileErrors.LimitExceeded(file.Path, $"its directory of entries takes {end.DirectorySize} bytes");
        if (end.EntryCount < 0 || end.EntryCount > end.DirectorySize / ZipFormat.CentralHeaderSize)
            throw FileErrors.Damaged(file.Path, $"its directory cannot hold the {end.EntryCount} entries it claims");
        if (end.DirectoryPosition < 0 || end.DirectoryPosition > file.Length - start - end.DirectorySize)
            throw FileErrors.Damaged(file.Path, "its directory of entries lies outside the file");

        var directory = file.Read(start + end.DirectoryPosition, (int)end.DirectorySize);
        var entries = new Dictionary<string, ZipEntry>((int)end.EntryCount);
        var at = 0;
        for (var i = 0L; i < end.EntryCount; i++)
        {
            var entry = ReadEntry(file, start, end, directory, ref at);
            if (!entries.TryAdd(entry.Name, entry))
                throw FileErrors.Damaged(file.Path, $"it has two entries named '{entry.Name}'");
        }
        RefuseOverlaps(file, start + end.DirectoryPosition, entries.Values);
        return entries;
    }

    private static ZipEntry ReadEntry(SourceFile file, long start, ZipEndRecord end, byte[] directory, ref int at)
    {
        var position = at;
        if (position > directory.Length - ZipFormat.CentralHeaderSize
            || ReadUInt32LittleEndian(directory.AsSpan(position)) != ZipFormat.CentralHeaderSignature)
            throw FileErrors.Damaged(file.Path, "its directory of entries is cut short");
        var header = directory.AsSpan(position, ZipFormat.CentralHeaderSize);
        var nameLength = ReadUInt16LittleEndian(header[28..]);
        var extraLength = ReadUInt16LittleEndian(header[30..]);
        var commentLength = ReadUInt16LittleEndian(header[32..]);
        var variable = position + ZipFormat.CentralHeaderSize;
        at = variable + nameLength + extraLength + commentLength;
        if (at > directory.Length)
            throw FileErrors.Damaged(file.Path, "its directory of entries is cut short");

        var name = Encoding.UTF8.GetString(directory, variable, nameLength);
        RefuseEvasiveName(file, name);
        var flags = ReadUInt16LittleEndian(header[8..]);
        var method = ReadUInt16LittleEndian(header[10..]);
        RefuseUnreadable(file, name, flags, method);
        var (size, compressed, local) = Zip64Field.Resolve(
            directory.AsSpan(variable + nameLength, extraLength),
            ReadUInt32LittleEndian(header[24..]),
            ReadUInt32LittleEndian(header[20..]),
            ReadUInt32LittleEndian(header[42..]));
        if (size < 0 || compressed < 0 || local < 0 || local > end.DirectoryPosition - ZipFormat.LocalHeaderSize
            || compressed > end.DirectoryPosition - local)
            throw FileErrors.Damaged(file.Path, $"its entry '{name}' lies outside the file");
        if (method == ZipFormat.Stored && size != compressed)
            throw FileErrors.Damaged(file.Path, $"its entry '{name}' has two different sizes");
        return new ZipEntry
        {
            Name = name,
            IsStored = method == ZipFormat.Stored,
            Crc32 = ReadUInt32LittleEndian(header[ZipFormat.CentralHeaderCrc..]),
            CompressedSize = compressed,
            Size = size,
            HasDataDescriptor = (flags & ZipFormat.DataDescriptorFlag) != 0,
            LocalHeaderPosition = start + local,
            CentralHeaderPosition = start + end.DirectoryPosition + position,
        };
    }

    private static void RefuseUnreadable(SourceFile file, string name, ushort flags, ushort method)
    {
        if ((flags & ZipFormat.EncryptedFlag) != 0)
            throw FileErrors.Unsupported(file.Path, $"its entry '{name}' is encrypted", "Save it without a password.");
        if (method is not (ZipFormat.Stored or ZipFormat.Deflated))
            throw FileErrors.Unsupported(
                file.Path, $"its entry '{name}' is compressed by method {method}", "Save it with PyTorch again.");
    }

    private static void RefuseEvasiveName(SourceFile file, string name)
    {
        if (name.StartsWith('/') || name.Contains('\0') || name.Split('/', '\\').Contains(".."))
            throw FileErrors.LimitExceeded(file.Path, $"its entry name '{name}' points outside the archive");
    }

    private static void RefuseOverlaps(SourceFile file, long directoryPosition, IEnumerable<ZipEntry> entries)
    {
        var next = directoryPosition;
        foreach (var entry in entries.OrderByDescending(entry => entry.LocalHeaderPosition))
        {
            if (entry.LocalHeaderPosition + ZipFormat.LocalHeaderSize + entry.CompressedSize > next)
                throw FileErrors.Damaged(file.Path, $"its entry '{entry.Name}' overlaps another");
            next = entry.LocalHeaderPosition;
        }
    }
}

/// <summary>Where the central directory of a zip archive is; positions count from the start of the archive.</summary>
/// <param name="EntryCount">Number of entries.</param>
/// <param name="DirectoryPosition">Where the central directory begins.</param>
/// <param name="DirectorySize">Its size in bytes.</param>
internal readonly record struct ZipEndRecord(long EntryCount, long DirectoryPosition, long DirectorySize)
{
    /// <summary>Finds the record at the end of an archive that occupies a range of the file.</summary>
    /// <returns>The record, or <c>null</c> where the range is no zip archive.</returns>
    public static ZipEndRecord? Find(SourceFile file, long start, long length)
    {
        var tailSize = (int)Math.Min(length, ZipFormat.EndSize + ZipFormat.LongestComment);
        var tail = file.Read(start + length - tailSize, tailSize);
        for (var at = tailSize - ZipFormat.EndSize; at >= 0; at--)
        {
            var record = tail.AsSpan(at);
            var commentLength = tailSize - at - ZipFormat.EndSize;
            if (ReadUInt32LittleEndian(record) == ZipFormat.EndSignature
                && ReadUInt16LittleEndian(record[20..]) == commentLength)
                return Read(file, start, start + length - tailSize + at, record);
        }
        return null;
    }

    private static ZipEndRecord Read(SourceFile file, long start, long position, ReadOnlySpan<byte> record)
    {
        var entries = ReadUInt16LittleEndian(record[10..]);
        var size = ReadUInt32LittleEndian(record[12..]);
        var directory = ReadUInt32LittleEndian(record[16..]);
        var isZip64 = entries == ushort.MaxValue || size == uint.MaxValue || directory == uint.MaxValue;
        return isZip64 && ReadZip64(file, start, position) is { } zip64
            ? zip64
            : new ZipEndRecord(entries, directory, size);
    }

    private static ZipEndRecord? ReadZip64(SourceFile file, long start, long endPosition)
    {
        if (endPosition - start < ZipFormat.Zip64LocatorSize + ZipFormat.Zip64EndSize)
            return null;
        var locator = file.Read(endPosition - ZipFormat.Zip64LocatorSize, ZipFormat.Zip64LocatorSize);
        if (ReadUInt32LittleEndian(locator) != ZipFormat.Zip64LocatorSignature)
            return null;
        var position = ReadInt64LittleEndian(locator.AsSpan(8));
        if (position < 0 || position > endPosition - start - ZipFormat.Zip64EndSize)
            throw FileErrors.Damaged(file.Path, "its zip64 end record lies outside the file");
        var record = file.Read(start + position, ZipFormat.Zip64EndSize).AsSpan();
        if (ReadUInt32LittleEndian(record) != ZipFormat.Zip64EndSignature)
            throw FileErrors.Damaged(file.Path, "its zip64 end record is missing");
        return new ZipEndRecord(
            ReadInt64LittleEndian(record[32..]), ReadInt64LittleEndian(record[48..]), ReadInt64LittleEndian(record[40..]));
    }
}

/// <summary>The extra field that holds what does not fit the 32 bits of a central header (APPNOTE.TXT 4.5.3).</summary>
internal static class Zip64Field
{
    /// <summary>Replaces each 32-bit value that says "see the extra field" by the 64-bit one, in the field's order.</summary>
    /// <returns>The values, -1 for one that the field lacks.</returns>
    public static (long Size, long CompressedSize, long Position) Resolve(
        ReadOnlySpan<byte> extra, uint size, uint compressedSize, uint position)
    {
        var field = Find(extra);
        return (Take(size, ref field), Take(compressedSize, ref field), Take(position, ref field));
    }

    private static long Take(uint value, ref ReadOnlySpan<byte> field)
    {
        if (value != uint.MaxValue)
            return value;
        if (field.Length < sizeof(long))
            return -1;
        var wide = ReadInt64LittleEndian(field);
        field = field[sizeof(long)..];
        return wide;
    }

    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            var id = ReadUInt16LittleEndian(extra);
            var length = Math.Min(ReadUInt16LittleEndian(extra[2..]), extra.Length - 4);
            if (id == ZipFormat.Zip64ExtraField)
                return extra.Slice(4, length);
            extra = extra[(4 + length)..];
        }
        return [];
    }
}

/// <summary>Signatures, sizes and positions of fields in a zip archive (PKWARE APPNOTE.TXT 6.3, section 4.3).</summary>
internal static class ZipFormat
{
    public const uint LocalHeaderSignature = 0x04034b50;
    public const int LocalHeaderSize = 30;
    public const int LocalHeaderCrc = 14;
    public const int LocalHeaderNameLength = 26;
    public const int LocalHeaderExtraLength = 28;

    public const uint DataDescriptorSignature = 0x08074b50;

    public const uint CentralHeaderSignature = 0x02014b50;
    public const int CentralHeaderSize = 46;
    public const int CentralHeaderCrc = 16;

    public const uint EndSignature = 0x06054b50;
    public const int EndSize = 22;
    public const int LongestComment = ushort.MaxValue;

    public const uint Zip64EndSignature = 0x06064b50;
    public const int Zip64EndSize = 56;
    public const uint Zip64LocatorSignature = 0x07064b50;
    public const int Zip64LocatorSize = 20;
    public const ushort Zip64ExtraField = 1;

    public const ushort EncryptedFlag = 1;
    public const ushort DataDescriptorFlag = 8;

    public const ushort Stored = 0;
    public const ushort Deflated = 8;
}

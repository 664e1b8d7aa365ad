using PreciseBn.Files;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

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

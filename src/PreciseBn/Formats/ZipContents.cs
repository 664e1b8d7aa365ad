using System.IO.Compression;
using System.IO.Hashing;
using PreciseBn.Files;
using PreciseBn.Primitives;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

/// <summary>A zip archive that is a whole file, or lies uncompressed inside another archive.</summary>
internal sealed class ZipContents
{
    private ZipContents(SourceFile file, Dictionary<string, ZipEntry> entries)
    {
        File = file;
        Entries = entries;
    }

    public SourceFile File { get; }

    public IReadOnlyDictionary<string, ZipEntry> Entries { get; }

    /// <returns>The archive, or <c>null</c> where the range of the file is no zip archive.</returns>
    /// <exception cref="PreciseBnException">It is one, and damaged or hostile.</exception>
    public static ZipContents? TryOpen(SourceFile file, long start, long length) =>
        ZipEndRecord.Find(file, start, length) is { } end
            ? new ZipContents(file, ZipDirectory.Read(file, start, end))
            : null;

    /// <summary>The bytes of an entry, decompressed; the reader of the stream bounds how much it takes.</summary>
    public Stream Open(ZipEntry entry)
    {
        var data = File.OpenRange(entry.DataPosition(File), entry.CompressedSize);
        return entry.IsStored ? data : new DeflateStream(data, CompressionMode.Decompress);
    }

    /// <summary>All bytes of an entry, checked against its checksum.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="limit">The most bytes that are believable for it.</param>
    public byte[] ReadAll(ZipEntry entry, int limit)
    {
        if (entry.Size > limit)
            throw FileErrors.LimitExceeded(File.Path, $"its entry '{entry.Name}' unpacks to {entry.Size} bytes");
        var bytes = new byte[entry.Size];
        using var stream = Open(entry);
        try
        {
            stream.ReadExactly(bytes);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw FileErrors.Damaged(File.Path, $"its entry '{entry.Name}' cannot be unpacked");
        }
        if (Crc32.HashToUInt32(bytes) != entry.Crc32)
            throw FileErrors.Damaged(File.Path, $"its entry '{entry.Name}' does not match its checksum");
        return bytes;
    }
}

/// <summary>One entry of a zip archive. Positions are absolute in the file that holds the archive.</summary>
internal sealed record ZipEntry
{
    public required string Name { get; init; }

    public required bool IsStored { get; init; }

    public required uint Crc32 { get; init; }

    public required long CompressedSize { get; init; }

    public required long Size { get; init; }

    /// <summary>Whether sizes and checksum follow the data rather than stand in the local header.</summary>
    public required bool HasDataDescriptor { get; init; }

    public required long LocalHeaderPosition { get; init; }

    public required long CentralHeaderPosition { get; init; }

    /// <summary>Where the bytes of the entry begin in the file; its local header tells.</summary>
    /// <exception cref="PreciseBnException">The header is not there.</exception>
    public long DataPosition(SourceFile file)
    {
        var header = file.Read(LocalHeaderPosition, ZipFormat.LocalHeaderSize).AsSpan();
        if (ReadUInt32LittleEndian(header) != ZipFormat.LocalHeaderSignature)
            throw FileErrors.Damaged(file.Path, $"its entry '{Name}' has no header");
        var position = LocalHeaderPosition + ZipFormat.LocalHeaderSize
            + ReadUInt16LittleEndian(header[ZipFormat.LocalHeaderNameLength..])
            + ReadUInt16LittleEndian(header[ZipFormat.LocalHeaderExtraLength..]);
        return position <= CentralHeaderPosition - CompressedSize
            ? position
            : throw FileErrors.Damaged(file.Path, $"its entry '{Name}' lies outside the file");
    }
}

using PreciseBn.Files;
using PreciseBn.Primitives;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

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

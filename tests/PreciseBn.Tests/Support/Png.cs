using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace PreciseBn.Tests.Support;

/// <summary>PNG files that no encoder writes.</summary>
internal static class Png
{
    /// <summary>Sixteen bits of grey.</summary>
    public const int Grey16 = 0x1000;

    /// <summary>Eight bits of grey.</summary>
    public const int Grey8 = 0x0800;

    /// <param name="path">The file.</param>
    /// <param name="width">Columns, as the header has them.</param>
    /// <param name="height">Rows, as the header has them.</param>
    /// <param name="kind">Bits and colour type, as the header has them.</param>
    /// <param name="rows">Each row behind the byte for its filter.</param>
    public static void Write(string path, int width, int height, int kind, byte[] rows)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        BinaryPrimitives.WriteInt16BigEndian(header.AsSpan(8), (short)kind);
        using var packed = new MemoryStream();
        using (var stream = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            stream.Write(rows);
        File.WriteAllBytes(path, [0x89, .. "PNG\r\n\x1a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, packed.ToArray()), .. Chunk("IEND"u8, [])]);
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        byte[] checkedPart = [.. type, .. content];
        var length = new byte[4];
        var checksum = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc32.HashToUInt32(checkedPart));
        return [.. length, .. checkedPart, .. checksum];
    }
}

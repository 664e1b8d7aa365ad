using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

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

using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using PreciseBn.Files;
using PreciseBn.Primitives;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

/// <summary>
/// Puts new values in the place of old ones in a copy of an archive, and mends the checksums that cover them. No other
/// byte changes, as the values keep their size.
/// </summary>
internal static class ArchivePatch
{
    private const int BufferSize = 1 << 20;

    public static void Apply(SafeFileHandle copy, SourceFile original, IReadOnlyList<SlotEdit> edits)
    {
        foreach (var edit in edits)
            WriteValues(copy, edit);
        MendChecksums(copy, original, edits.Select(edit => edit.Slot.Containers).ToArray());
    }

    /// <summary>Mends the checksums of entries whose contents were changed.</summary>
    /// <param name="copy">The copy in which they were changed.</param>
    /// <param name="original">What it is a copy of.</param>
    /// <param name="changed">For each change the entries that it lies in, from the innermost out.</param>
    public static void MendChecksums(SafeFileHandle copy, SourceFile original, IReadOnlyList<IReadOnlyList<ZipEntry>> changed)
    {
        foreach (var container in InnermostFirst(changed))
            WriteChecksum(copy, original, container, Checksum(copy, original, container));
    }

    /// <summary>Where the checksum of an entry stands, twice in the file.</summary>
    public static long[] ChecksumPositions(SourceFile file, ZipEntry entry) =>
    [
        entry.CentralHeaderPosition + ZipFormat.CentralHeaderCrc,
        entry.HasDataDescriptor ? DescriptorCrcPosition(file, entry) : entry.LocalHeaderPosition + ZipFormat.LocalHeaderCrc,
    ];

    private static void WriteValues(SafeFileHandle copy, SlotEdit edit)
    {
        var slot = edit.Slot;
        var size = slot.DType.Size();
        var bytes = new byte[size];
        for (var i = 0; i < slot.Length; i++)
        {
            NumberFormat.Write(slot.DType, edit.Values[i], bytes);
            RandomAccess.Write(copy, bytes, slot.PositionOf(i));
        }
    }

    private static IEnumerable<ZipEntry> InnermostFirst(IReadOnlyList<IReadOnlyList<ZipEntry>> changed)
    {
        var deepest = changed.Select(containers => containers.Count).DefaultIfEmpty().Max();
        return Enumerable.Range(0, deepest).SelectMany(depth => changed
            .Where(containers => depth < containers.Count)
            .Select(containers => containers[depth])).Distinct();
    }

    private static uint Checksum(SafeFileHandle copy, SourceFile original, ZipEntry entry)
    {
        var crc = new Crc32();
        var buffer = new byte[Math.Min(BufferSize, Math.Max(entry.Size, 1))];
        var position = entry.DataPosition(original);
        for (var left = entry.Size; left > 0;)
        {
            var read = RandomAccess.Read(copy, buffer.AsSpan(0, (int)Math.Min(buffer.Length, left)), position);
            if (read == 0)
                throw FileErrors.Truncated(original.Path);
            crc.Append(buffer.AsSpan(0, read));
            position += read;
            left -= read;
        }
        return crc.GetCurrentHashAsUInt32();
    }

    private static void WriteChecksum(SafeFileHandle copy, SourceFile original, ZipEntry entry, uint crc)
    {
        foreach (var position in ChecksumPositions(original, entry))
            Write(copy, position, crc);
    }

    // The descriptor behind the data begins with a signature, or does not (APPNOTE.TXT 4.3.9.3); the old checksum tells.
    private static long DescriptorCrcPosition(SourceFile original, ZipEntry entry)
    {
        var position = entry.DataPosition(original) + entry.CompressedSize;
        var descriptor = original.Read(position, 2 * sizeof(uint));
        if (ReadUInt32LittleEndian(descriptor) == ZipFormat.DataDescriptorSignature
            && ReadUInt32LittleEndian(descriptor.AsSpan(sizeof(uint))) == entry.Crc32)
            return position + sizeof(uint);
        return ReadUInt32LittleEndian(descriptor) == entry.Crc32
            ? position
            : throw FileErrors.Damaged(original.Path, $"its entry '{entry.Name}' has two different checksums");
    }

    private static void Write(SafeFileHandle copy, long position, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        WriteUInt32LittleEndian(bytes, value);
        RandomAccess.Write(copy, bytes, position);
    }
}

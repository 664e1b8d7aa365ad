using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace PreciseBn.Tests.Support;

/// <summary>Writes zip archives byte by byte, so that they can be wrong, or larger than 4 GiB without taking room.</summary>
internal sealed class RawZip(string path)
{
    private readonly List<Entry> _entries = [];

    /// <summary>Adds a stored entry with the bytes.</summary>
    public RawZip Add(string name, byte[] bytes)
    {
        _entries.Add(new Entry(name, bytes, bytes.Length, Crc32.HashToUInt32(bytes)));
        return this;
    }

    /// <summary>Adds a stored entry of zeros that takes no room on the disk; its checksum is not right.</summary>
    public RawZip AddHole(string name, long size)
    {
        _entries.Add(new Entry(name, [], size, 0));
        return this;
    }

    /// <summary>Writes the archive; central headers can be changed on the way: 16 is the checksum, 20 and 24 the sizes, 42 the position.</summary>
    public void Write(Action<string, Memory<byte>>? changeCentralHeader = null)
    {
        using var stream = File.Create(path);
        var positions = new List<long>();
        foreach (var entry in _entries)
        {
            positions.Add(stream.Position);
            var local = new byte[30];
            BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034b50);
            BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(4), 45);
            BinaryPrimitives.WriteUInt32LittleEndian(local.AsSpan(14), entry.Crc);
            BinaryPrimitives.WriteUInt32LittleEndian(local.AsSpan(18), (uint)Math.Min(entry.Size, uint.MaxValue));
            BinaryPrimitives.WriteUInt32LittleEndian(local.AsSpan(22), (uint)Math.Min(entry.Size, uint.MaxValue));
            BinaryPrimitives.WriteUInt16LittleEndian(local.AsSpan(26), (ushort)entry.Name.Length);
            stream.Write(local);
            stream.Write(Encoding.ASCII.GetBytes(entry.Name));
            stream.Write(entry.Bytes);
            stream.Seek(entry.Size - entry.Bytes.Length, SeekOrigin.Current);
        }
        var directory = stream.Position;
        foreach (var (entry, position) in _entries.Zip(positions))
            stream.Write(CentralHeader(entry, position, changeCentralHeader));
        WriteEnd(stream, directory);
    }

    private static byte[] CentralHeader(Entry entry, long position, Action<string, Memory<byte>>? change)
    {
        var isLarge = entry.Size >= uint.MaxValue || position >= uint.MaxValue;
        var extra = new byte[isLarge ? 28 : 0];
        if (isLarge)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(extra, 1);
            BinaryPrimitives.WriteUInt16LittleEndian(extra.AsSpan(2), 24);
            BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(4), entry.Size);
            BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(12), entry.Size);
            BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(20), position);
        }
        var header = new byte[46];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x02014b50);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), entry.Crc);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(20), isLarge ? uint.MaxValue : (uint)entry.Size);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), isLarge ? uint.MaxValue : (uint)entry.Size);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(28), (ushort)entry.Name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(30), (ushort)extra.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(42), isLarge ? uint.MaxValue : (uint)position);
        change?.Invoke(entry.Name, header);
        return [.. header, .. Encoding.ASCII.GetBytes(entry.Name), .. extra];
    }

    private void WriteEnd(Stream stream, long directory)
    {
        var end = stream.Position;
        var zip64 = new byte[56];
        BinaryPrimitives.WriteUInt32LittleEndian(zip64, 0x06064b50);
        BinaryPrimitives.WriteInt64LittleEndian(zip64.AsSpan(4), 44);
        BinaryPrimitives.WriteInt64LittleEndian(zip64.AsSpan(24), _entries.Count);
        BinaryPrimitives.WriteInt64LittleEndian(zip64.AsSpan(32), _entries.Count);
        BinaryPrimitives.WriteInt64LittleEndian(zip64.AsSpan(40), end - directory);
        BinaryPrimitives.WriteInt64LittleEndian(zip64.AsSpan(48), directory);
        stream.Write(zip64);
        var locator = new byte[20];
        BinaryPrimitives.WriteUInt32LittleEndian(locator, 0x07064b50);
        BinaryPrimitives.WriteInt64LittleEndian(locator.AsSpan(8), end);
        BinaryPrimitives.WriteUInt32LittleEndian(locator.AsSpan(16), 1);
        stream.Write(locator);
        var last = new byte[22];
        BinaryPrimitives.WriteUInt32LittleEndian(last, 0x06054b50);
        last.AsSpan(8, 12).Fill(0xff);
        stream.Write(last);
    }

    private sealed record Entry(string Name, byte[] Bytes, long Size, uint Crc);
}

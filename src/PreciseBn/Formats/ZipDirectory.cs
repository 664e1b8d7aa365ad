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
        if ((flags & ZipFormat.EncryptedFlag) != 0)
            throw FileErrors.Unsupported(file.Path, $"its entry '{name}' is encrypted", "Save it without a password.");
        var method = ReadUInt16LittleEndian(header[10..]);
        if (method is not (ZipFormat.Stored or ZipFormat.Deflated))
            throw FileErrors.Unsupported(
                file.Path, $"its entry '{name}' is compressed by method {method}", "Save it with PyTorch again.");

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

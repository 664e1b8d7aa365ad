using System.Buffers.Binary;
using System.Reflection.PortableExecutable;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>Which platform a native library was built for, by its own header and not by its name.</summary>
internal static class NativePlatform
{
    public const string Another = "another platform";

    private const uint Elf = 0x7F454C46;
    private const ushort ElfX64 = 62;
    private const uint MachO = 0xCFFAEDFE;
    private const uint MachOUniversal = 0xCAFEBABE;
    private const uint MachOArm64 = 0x0100000C;

    /// <summary>The identifier of the platform, or null for what is no native library: assemblies of .NET, texts and the like.</summary>
    public static string? Of(Stream file)
    {
        var header = new byte[20];
        if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            return null;
        if (header is [(byte)'M', (byte)'Z', ..])
            return OfPortableExecutable(file);
        return BinaryPrimitives.ReadUInt32BigEndian(header) switch
        {
            Elf => BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(18)) == ElfX64 ? "linux-x64" : Another,
            MachO => BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) == MachOArm64 ? "osx-arm64" : Another,
            MachOUniversal => OfUniversalBinary(file, header),
            _ => null,
        };
    }

    /// <summary>The native libraries in and below a folder by their platforms, relative to it.</summary>
    public static ILookup<string, string> In(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => (Platform: Of(file), Name: Path.GetRelativePath(folder, file).Replace('\\', '/')))
        .Where(native => native.Platform is not null)
        .ToLookup(native => native.Platform!, native => native.Name);

    private static string? Of(string path)
    {
        using var file = File.OpenRead(path);
        return Of(file);
    }

    private static string? OfPortableExecutable(Stream file)
    {
        file.Position = 0;
        using var reader = new PEReader(file, PEStreamOptions.LeaveOpen);
        if (reader.HasMetadata)
            return null;
        return reader.PEHeaders.CoffHeader.Machine == Machine.Amd64 ? "win-x64" : Another;
    }

    // The number of processors, and for each a record that begins with its type.
    private static string OfUniversalBinary(Stream file, byte[] header)
    {
        const int Start = 8;
        const int RecordSize = 20;
        var records = new byte[BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)) * RecordSize];
        file.Position = Start;
        file.ReadExactly(records);
        return records.Chunk(RecordSize).Any(record => BinaryPrimitives.ReadUInt32BigEndian(record) == MachOArm64) ? "osx-arm64" : Another;
    }
}

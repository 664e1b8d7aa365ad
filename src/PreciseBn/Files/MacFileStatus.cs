using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Files;

/// <summary>
/// Asks macOS by stat(2), in the layout of its 64-bit index numbers, sys/stat.h, which is the only one that Apple's own processors
/// know; for others there is no libtorch.
/// </summary>
internal static partial class MacFileStatus
{
    private const int Size = 144;
    private const int Volume = 0;
    private const int Mode = 4;
    private const int Links = 6;
    private const int Index = 8;
    private const int User = 16;
    private const int Group = 20;
    private const int ModifiedSeconds = 48;
    private const int ModifiedNanoseconds = 56;
    private const int Length = 96;

    public static FileStatus Of(SafeFileHandle handle)
    {
        var status = new byte[Size];
        return Stat(handle, status) == 0 ? Read(status) : throw UnixFile.LastError();
    }

    public static FileStatus? At(string path)
    {
        var status = new byte[Size];
        if (Stat(path, status) == 0)
            return Read(status);
        return UnixFile.IsNothingThere ? null : throw UnixFile.LastError();
    }

    internal static FileStatus Read(ReadOnlySpan<byte> status) => new()
    {
        Identity = new FileIdentity(
            ReadUInt32LittleEndian(status[Volume..]),
            ReadUInt64LittleEndian(status[Index..]),
            ReadInt64LittleEndian(status[Length..]),
            UnixFile.Time(ReadInt64LittleEndian(status[ModifiedSeconds..]), ReadInt64LittleEndian(status[ModifiedNanoseconds..]))),
        Links = ReadUInt16LittleEndian(status[Links..]),
        IsRegular = UnixFile.IsRegular(ReadUInt16LittleEndian(status[Mode..])),
        Owner = (ReadUInt32LittleEndian(status[User..]), ReadUInt32LittleEndian(status[Group..])),
    };

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Stat(string path, byte[] status);

    [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
    private static partial int Stat(SafeFileHandle file, byte[] status);
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Files;

/// <summary>Asks Linux by statx(2), whose answer looks the same on every processor.</summary>
internal static partial class LinuxFileStatus
{
    private const int CurrentFolder = -100;
    private const int OfTheHandleItself = 0x1000;
    private const uint BasicStatistics = 0x7ff;

    private const int Size = 256;
    private const int Links = 16;
    private const int User = 20;
    private const int Group = 24;
    private const int Mode = 28;
    private const int Index = 32;
    private const int Length = 40;
    private const int ModifiedSeconds = 112;
    private const int ModifiedNanoseconds = 120;
    private const int Volume = 136;

    public static FileStatus Of(SafeFileHandle handle)
    {
        var status = new byte[Size];
        return Statx(handle, "", OfTheHandleItself, BasicStatistics, status) == 0 ? Read(status) : throw UnixFile.LastError();
    }

    public static FileStatus? At(string path)
    {
        var status = new byte[Size];
        if (Statx(CurrentFolder, path, 0, BasicStatistics, status) == 0)
            return Read(status);
        return UnixFile.IsNothingThere ? null : throw UnixFile.LastError();
    }

    private static FileStatus Read(ReadOnlySpan<byte> status) => new()
    {
        Identity = new FileIdentity(
            ReadUInt64LittleEndian(status[Volume..]),
            ReadUInt64LittleEndian(status[Index..]),
            ReadInt64LittleEndian(status[Length..]),
            UnixFile.Time(ReadInt64LittleEndian(status[ModifiedSeconds..]), ReadUInt32LittleEndian(status[ModifiedNanoseconds..]))),
        Links = ReadUInt32LittleEndian(status[Links..]),
        IsRegular = UnixFile.IsRegular(ReadUInt16LittleEndian(status[Mode..])),
        Owner = (ReadUInt32LittleEndian(status[User..]), ReadUInt32LittleEndian(status[Group..])),
    };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte[] status);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(SafeFileHandle file, string path, int flags, uint mask, byte[] status);
}

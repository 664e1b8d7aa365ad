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

/// <summary>What Linux and macOS have in common when they tell about files.</summary>
internal static class UnixFile
{
    private const int KindMask = 0xf000;
    private const int RegularKind = 0x8000;
    private const long NanosecondsInSecond = 1_000_000_000;

    private const int NoSuchFile = 2;
    private const int AccessDenied = 13;
    private const int NotADirectory = 20;

    /// <summary>Whether the last call failed because the path leads nowhere.</summary>
    public static bool IsNothingThere => Marshal.GetLastPInvokeError() is NoSuchFile or NotADirectory;

    public static bool IsRegular(int mode) => (mode & KindMask) == RegularKind;

    public static long Time(long seconds, long nanoseconds) => unchecked((seconds * NanosecondsInSecond) + nanoseconds);

    /// <summary>Why the last call failed, as .NET says it.</summary>
    public static Exception LastError() => Marshal.GetLastPInvokeError() == AccessDenied
        ? new UnauthorizedAccessException(Marshal.GetLastPInvokeErrorMessage())
        : new IOException(Marshal.GetLastPInvokeErrorMessage());
}

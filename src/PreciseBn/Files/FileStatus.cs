using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Files;

/// <summary>What the operating system tells of a file itself, whatever the path that led to it.</summary>
internal readonly record struct FileStatus
{
    public required FileIdentity Identity { get; init; }

    /// <summary>How many names it has.</summary>
    public required uint Links { get; init; }

    /// <summary>Whether it has contents of its own, as no directory, device, pipe or socket has.</summary>
    public required bool IsRegular { get; init; }

    /// <summary>Who owns it, where files have owners in numbers.</summary>
    public (uint User, uint Group) Owner { get; init; }

    /// <summary>That of an open file.</summary>
    public static FileStatus Of(SafeFileHandle handle)
    {
        if (OperatingSystem.IsWindows())
            return WindowsFileStatus.Of(handle);
        if (OperatingSystem.IsLinux())
            return LinuxFileStatus.Of(handle);
        return MacFileStatus.Of(handle);
    }

    /// <summary>That of what a path leads to, links followed; <c>null</c> if there is nothing.</summary>
    /// <exception cref="IOException">It cannot be told.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be told.</exception>
    public static FileStatus? At(string path)
    {
        if (OperatingSystem.IsLinux())
            return LinuxFileStatus.At(path);
        if (OperatingSystem.IsMacOS())
            return MacFileStatus.At(path);
        if (!File.Exists(path))
            return null;
        try
        {
            using var handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return Of(handle);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}

/// <summary>Tells whether a file is still the one that was read: which file it is, its length, and the time of its last change.</summary>
/// <param name="Volume">The volume that it is on.</param>
/// <param name="Index">Its number there, which no other file has as long as it is open.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="LastWriteTime">Time of the last change, in the unit of the operating system.</param>
internal readonly record struct FileIdentity(ulong Volume, ulong Index, long Length, long LastWriteTime)
{
    /// <summary>Whether both are the same file, changed or not.</summary>
    public bool IsSameFile(FileIdentity other) => (Volume, Index) == (other.Volume, other.Index);
}

/// <summary>Asks Windows by GetFileInformationByHandle, which every file system of it answers.</summary>
internal static partial class WindowsFileStatus
{
    private const uint OnDisk = 1;

    private const int Size = 52;
    private const int LastWriteTime = 20;
    private const int Volume = 28;
    private const int LengthHigh = 32;
    private const int LengthLow = 36;
    private const int Links = 40;
    private const int IndexHigh = 44;
    private const int IndexLow = 48;

    public static FileStatus Of(SafeFileHandle handle)
    {
        if (GetFileType(handle) != OnDisk)
            return default;
        var information = new byte[Size];
        if (!GetFileInformationByHandle(handle, information))
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        return new FileStatus
        {
            Identity = new FileIdentity(
                ReadUInt32LittleEndian(information.AsSpan(Volume)),
                Join(information, IndexHigh, IndexLow),
                (long)Join(information, LengthHigh, LengthLow),
                ReadInt64LittleEndian(information.AsSpan(LastWriteTime))),
            Links = ReadUInt32LittleEndian(information.AsSpan(Links)),
            IsRegular = true,
        };
    }

    private static ulong Join(ReadOnlySpan<byte> bytes, int high, int low) =>
        ((ulong)ReadUInt32LittleEndian(bytes[high..]) << 32) | ReadUInt32LittleEndian(bytes[low..]);

    [LibraryImport("kernel32")]
    private static partial uint GetFileType(SafeFileHandle file);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetFileInformationByHandle(SafeFileHandle file, byte[] information);
}

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

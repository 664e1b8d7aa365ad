using Microsoft.Win32.SafeHandles;

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

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

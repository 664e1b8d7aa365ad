using Microsoft.Win32.SafeHandles;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>Keeps to files that have contents of their own: devices, pipes, sockets and streams beside a file have paths too.</summary>
internal static class RegularFile
{
    /// <summary>Opens a file for reading, shared with everybody: reading a model must not disturb a service that uses it.</summary>
    /// <exception cref="PreciseBnException">It is no regular file, or another program does not share it.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static SafeFileHandle OpenRead(string path)
    {
        // Before it is opened: a pipe would be waited for.
        Require(path);
        var handle = Open(path);
        if (FileStatus.Of(handle).IsRegular)
            return handle;
        handle.Dispose();
        throw FileErrors.NotRegular(path);
    }

    /// <summary>Refuses what is there and is no regular file, and names that no regular file can have.</summary>
    /// <exception cref="PreciseBnException">It is none.</exception>
    public static void Require(string path)
    {
        if (OperatingSystem.IsWindows() ? ReservedName.Is(Path.GetFullPath(path)) : FileStatus.At(path) is { IsRegular: false })
            throw FileErrors.NotRegular(path);
    }

    private static SafeFileHandle Open(string path)
    {
        try
        {
            return FileSharing.Retry(
                () => File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete), FileSharing.IsViolation);
        }
        catch (IOException e) when (FileSharing.IsViolation(e))
        {
            throw FileErrors.InUse(path, e);
        }
    }
}

using System.Text.RegularExpressions;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>The files that exist beside a file while it is being written: hidden, and with names that tell what they belong to.</summary>
internal static class TemporarySibling
{
    /// <summary>A name that no other process has.</summary>
    public static string New(string file) => Named(file, $"{Guid.NewGuid():N}.tmp");

    /// <summary>The name of the lock, which is the same for all.</summary>
    public static string Lock(string file) => Named(file, "lock");

    /// <summary>Makes one.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="isPrivate">Whether only this user may read it, until it gets the mode of another file.</param>
    public static FileStream Create(string path, bool isPrivate)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (isPrivate && !OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        Hide(file);
        return file;
    }

    /// <summary>Hides what is hidden by its name elsewhere.</summary>
    public static void Hide(FileStream file)
    {
        if (OperatingSystem.IsWindows())
            File.SetAttributes(file.SafeFileHandle, FileAttributes.Hidden);
    }

    /// <summary>Removes what processes have left that were killed while they wrote the file.</summary>
    public static void RemoveLeftovers(string file)
    {
        var name = new Regex($@"^\.{Regex.Escape(Path.GetFileName(file))}\.[0-9a-f]{{32}}\.tmp$");
        try
        {
            foreach (var sibling in Directory.EnumerateFiles(Path.GetDirectoryName(file)!, ".*.tmp").Where(sibling => name.IsMatch(Path.GetFileName(sibling))))
                Remove(sibling);
        }
        catch (UnauthorizedAccessException)
        {
            // A folder that may be written in and not be looked into keeps them.
        }
    }

    /// <summary>Removes one, if that is possible.</summary>
    /// <remarks>
    /// Where it is not, as it belongs to somebody else or a virus scanner looks at it, it harms nobody, and the next who writes the
    /// file tries again. It must not hide what went wrong before.
    /// </remarks>
    public static void Remove(string path)
    {
        try
        {
            FileSharing.Retry(() => File.Delete(path), FileSharing.MayBeViolation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static string Named(string file, string ending) =>
        Path.Combine(Path.GetDirectoryName(file)!, $".{Path.GetFileName(file)}.{ending}");
}

/// <summary>
/// Keeps two processes from writing the same file. The lock is a file beside it, which goes when it is released; one that a
/// killed process left holds nobody up, as the operating system lets go of it.
/// </summary>
internal sealed class WriteLock : IDisposable
{
    private readonly FileStream _file;

    private WriteLock(FileStream file) => _file = file;

    /// <exception cref="PreciseBnException">Somebody else holds it, and for more than a moment, or it cannot be made.</exception>
    public static WriteLock Take(string file)
    {
        var path = TemporarySibling.Lock(file);
        try
        {
            return FileSharing.Retry(() => TakeNow(path), FileSharing.MayBeViolation);
        }
        catch (DirectoryNotFoundException)
        {
            throw FileErrors.NoSuchFolder(file);
        }
        catch (IOException e) when (FileSharing.IsViolation(e))
        {
            throw FileErrors.Busy(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Windows does not give access to a lock that is about to go.
            throw OperatingSystem.IsWindows() && !Path.Exists(path) ? FileErrors.Busy(file) : FileErrors.LockNotTaken(file, path, e);
        }
    }

    public void Dispose()
    {
        // While it is held: afterwards the one at this path may be that of somebody else.
        if (!OperatingSystem.IsWindows())
            TemporarySibling.Remove(_file.Name);
        _file.Dispose();
    }

    private static WriteLock TakeNow(string path)
    {
        while (true)
        {
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                BufferSize = 0,
                // Elsewhere .NET removes whatever is at the path.
                Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
            });
            // Between opening a file and locking it, whoever held it may have removed it; the lock would then be on nothing.
            if (OperatingSystem.IsWindows() || FileStatus.At(path) is { } there && there.Identity.IsSameFile(FileStatus.Of(file.SafeFileHandle).Identity))
            {
                TemporarySibling.Hide(file);
                return new WriteLock(file);
            }
            file.Dispose();
        }
    }
}

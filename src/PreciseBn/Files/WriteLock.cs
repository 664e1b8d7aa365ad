using PreciseBn.Primitives;

namespace PreciseBn.Files;

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

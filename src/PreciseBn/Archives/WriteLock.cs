namespace PreciseBn.Archives;

/// <summary>
/// Keeps two processes from writing the same file. The lock is a file beside it, which goes when it is released; one that a
/// killed process left holds nobody up, as the operating system lets go of it.
/// </summary>
internal sealed class WriteLock : IDisposable
{
    private readonly FileStream _file;

    private WriteLock(FileStream file) => _file = file;

    /// <exception cref="PreciseBnException">Somebody else holds it, or it cannot be made.</exception>
    public static WriteLock Take(string file)
    {
        WriteLock? taken = null;
        WritableFile.Try(file, () => taken = TryTake(TemporarySibling.Lock(file)));
        return taken ?? throw FileErrors.Busy(file);
    }

    public void Dispose() => _file.Dispose();

    private static WriteLock? TryTake(string path)
    {
        try
        {
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                Options = FileOptions.DeleteOnClose,
            });
            if (OperatingSystem.IsWindows() || IsAt(file, path))
                return new WriteLock(file);
            file.Dispose();
            return null;
        }
        catch (IOException e) when (e is not DirectoryNotFoundException)
        {
            return null;
        }
    }

    // Between opening a file and locking it, whoever held it may have removed it; the lock would then be on nothing. A mark
    // set through the handle shows whether the handle and the path are the same file; reading it takes no lock.
    private static bool IsAt(FileStream file, string path)
    {
        var mark = DateTime.UnixEpoch.AddSeconds(Random.Shared.Next(1 << 30) * 2L);
        File.SetLastWriteTimeUtc(file.SafeFileHandle, mark);
        return File.GetLastWriteTimeUtc(path) == mark;
    }
}

using Microsoft.Win32.SafeHandles;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>
/// Replaces a file as a whole or not at all: the new one is made in the same folder, flushed to the disk, and renamed over the
/// old. Until then the file is what it was; what a killed process left half-made is removed by the next one.
/// </summary>
internal sealed class FileReplacement : IDisposable
{
    private readonly SourceFile? _original;
    private readonly bool _isInPlace;
    private readonly string _destination;
    private readonly bool _overwrite;
    private readonly bool _keepBackup;
    private readonly string _copy;
    private readonly WriteLock _lock;
    private FileIdentity? _replaced;
    private FileIdentity? _new;
    private FileBackup? _backup;
    private FileBackup? _old;

    /// <param name="destination">
    /// The file to replace or make; a symbolic link stands for the file it leads to. The path of the original is the original itself.
    /// </param>
    /// <param name="original">The file that the new one is a changed copy of, open and unchanged since, if there is one.</param>
    /// <param name="overwrite">Whether another file than the original may be replaced.</param>
    /// <param name="keepBackup">Whether what is replaced is kept, see <see cref="FileBackup"/>.</param>
    /// <param name="keptAs">Where what is replaced is kept as long as it may have to be put back, if it may.</param>
    /// <exception cref="PreciseBnException">Another process is writing the destination, or it is there and may not be replaced.</exception>
    public FileReplacement(string destination, SourceFile? original = null, bool overwrite = true, bool keepBackup = false, string? keptAs = null)
    {
        _original = original;
        _isInPlace = destination == original?.Path;
        _destination = WritableFile.FollowLinks(destination);
        _overwrite = overwrite;
        _keepBackup = keepBackup;
        Kept = keptAs;
        _copy = TemporarySibling.New(_destination);
        _lock = WriteLock.Take(_destination);
        try
        {
            WritableFile.Try(_destination, LookAround);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    /// <summary>The file that is replaced or made.</summary>
    public string Destination => _destination;

    /// <summary>Where what is replaced is kept as long as it may have to be put back; <c>null</c> where that is not so.</summary>
    public string? Kept { get; }

    /// <summary>Writes a file that is no changed copy of another.</summary>
    /// <exception cref="PreciseBnException">It could not be written; what was there still is.</exception>
    public static void Write(string path, byte[] contents, bool overwrite)
    {
        using var replacement = new FileReplacement(path, overwrite: overwrite);
        replacement.Prepare(handle => RandomAccess.Write(handle, contents, 0));
        replacement.Commit();
    }

    /// <summary>Makes the new file.</summary>
    /// <param name="write">Writes it, or changes the copy.</param>
    /// <param name="cancellation">Stops the copying.</param>
    /// <exception cref="PreciseBnException">It could not be written, or not given the owner of what it will replace.</exception>
    public void Prepare(Action<SafeFileHandle> write, CancellationToken cancellation = default) => WritableFile.Try(_destination, () =>
    {
        RequireUnchanged();
        using (var copy = TemporarySibling.Create(_copy, isPrivate: _original is not null || _replaced is not null))
        {
            _original?.CopyTo(copy.SafeFileHandle, cancellation);
            write(copy.SafeFileHandle);
            RandomAccess.FlushToDisk(copy.SafeFileHandle);
        }
        if (_replaced is not null)
            FileProperties.Copy(_destination, _copy);
        else
            FileProperties.Show(_copy, _original?.Path);
        if (_keepBackup && _replaced is { } replaced)
            _backup = new FileBackup(_destination, replaced, FileBackup.Names(_destination), cancellation);
        if (Kept is not null && _replaced is { } kept)
            _old = new FileBackup(_destination, kept, [Kept], cancellation);
    });

    /// <summary>Makes sure that nobody else has changed what is read, or what is to be replaced.</summary>
    /// <exception cref="PreciseBnException">Somebody has.</exception>
    public void RequireUnchanged() => WritableFile.Try(_destination, () =>
    {
        if (_original is { IsUnchanged: false })
            throw FileErrors.Changed(_original.Path);
        if (_replaced is { } replaced && FileStatus.At(_destination)?.Identity != replaced)
            throw FileErrors.Changed(_destination);
    });

    /// <summary>Puts the new file in the place of the old.</summary>
    /// <exception cref="PreciseBnException">Somebody has changed a file meanwhile, or does not let go of it.</exception>
    public void Commit() => WritableFile.Try(_destination, () =>
    {
        try
        {
            FileSharing.Retry(Replace, FileSharing.MayBeViolation);
        }
        catch
        {
            _backup?.Withdraw();
            _old?.Withdraw();
            throw;
        }
        _new = FileStatus.At(_destination)?.Identity;
    });

    /// <summary>Puts the old file back after <see cref="Commit"/>.</summary>
    /// <exception cref="PreciseBnException">It cannot be done, or somebody has changed the new one.</exception>
    public void Undo() => WritableFile.Try(_destination, () =>
    {
        if (FileStatus.At(_destination)?.Identity != _new)
            throw FileErrors.Changed(_destination);
        FileSharing.Retry(_old!.PutBack, FileSharing.MayBeViolation);
        _backup?.Withdraw();
    });

    /// <summary>Removes the old file after <see cref="Commit"/>, if that is possible.</summary>
    /// <returns>Whether it is gone.</returns>
    public bool ForgetOld()
    {
        _old?.Withdraw();
        return !File.Exists(Kept);
    }

    /// <summary>Removes the new file, if it was not committed, and lets others write.</summary>
    public void Dispose()
    {
        TemporarySibling.Remove(_copy);
        _backup?.Dispose();
        _old?.Dispose();
        _lock.Dispose();
    }

    private void LookAround()
    {
        TemporarySibling.RemoveLeftovers(_destination);
        _replaced = _isInPlace ? _original!.Identity : FileStatus.At(_destination)?.Identity;
        if (_replaced is not null && !_isInPlace && !_overwrite)
            throw FileErrors.DestinationExists(_destination);
    }

    private void Replace()
    {
        RequireUnchanged();
        // Windows replaces no file that is open, not even by this process. Closing it loses nothing: which file it was and when it
        // had changed last is known and has just been compared with what is at the path. A moment between the comparison and the
        // renaming there is anyway, and it is as short as before.
        if (_isInPlace)
            _original!.Dispose();
        _old?.Put();
        _backup?.Put();
        var mayReplace = _replaced is not null || (_overwrite && !_keepBackup);
        try
        {
            File.Move(_copy, _destination, mayReplace);
        }
        catch (IOException) when (!mayReplace && Path.Exists(_destination))
        {
            throw FileErrors.DestinationExists(_destination);
        }
    }
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

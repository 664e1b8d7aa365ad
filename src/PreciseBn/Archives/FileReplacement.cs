using Microsoft.Win32.SafeHandles;

namespace PreciseBn.Archives;

/// <summary>
/// Replaces a file as a whole or not at all: the new one is made in the same folder, flushed to the disk, and renamed over the
/// old. Until then the file is what it was; what a killed process left half-made is removed by the next one.
/// </summary>
internal sealed class FileReplacement : IDisposable
{
    private readonly SourceFile? _original;
    private readonly string _destination;
    private readonly string _copy;
    private readonly WriteLock _lock;

    /// <param name="destination">The file to replace or make; a symbolic link stands for the file it leads to.</param>
    /// <param name="original">The file that the new one is a changed copy of, open and unchanged since, if there is one.</param>
    /// <exception cref="PreciseBnException">Another process is writing the destination.</exception>
    public FileReplacement(string destination, SourceFile? original = null)
    {
        _original = original;
        _destination = WritableFile.FollowLinks(destination);
        _copy = TemporarySibling.New(_destination);
        _lock = WriteLock.Take(_destination);
        foreach (var leftover in TemporarySibling.Leftovers(_destination))
            File.Delete(leftover);
    }

    /// <summary>Makes the new file.</summary>
    /// <param name="write">Writes it, or changes the copy.</param>
    /// <exception cref="PreciseBnException">It could not be written, or not given the owner of what it will replace.</exception>
    public void Prepare(Action<SafeFileHandle> write) => WritableFile.Try(_destination, () =>
    {
        if (_original is not null)
            File.Copy(_original.Path, _copy);
        using var handle = File.OpenHandle(_copy, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        write(handle);
        if (File.Exists(_destination))
            FileOwnership.Copy(_destination, _copy);
        RandomAccess.FlushToDisk(handle);
    });

    /// <summary>Puts the new file in the place of the old.</summary>
    /// <param name="keepBackup">Whether what was there is kept, with <c>.bak</c> appended to its name.</param>
    /// <exception cref="PreciseBnException">The original has changed meanwhile.</exception>
    public void Commit(bool keepBackup) => WritableFile.Try(_destination, () =>
    {
        if (keepBackup && File.Exists(_destination))
            KeepBackup();
        if (_original is not null && FileVersion.Of(_original.Path) != _original.Version)
            throw FileErrors.Changed(_original.Path);
        File.Move(_copy, _destination, overwrite: true);
    });

    /// <summary>Removes the new file, if it was not committed, and lets others write.</summary>
    public void Dispose()
    {
        File.Delete(_copy);
        _lock.Dispose();
    }

    private void KeepBackup()
    {
        var copy = TemporarySibling.New(_destination);
        try
        {
            File.Copy(_destination, copy);
            FileOwnership.Copy(_destination, copy);
            using (var handle = File.OpenHandle(copy, access: FileAccess.ReadWrite))
                RandomAccess.FlushToDisk(handle);
            File.Move(copy, _destination + ".bak", overwrite: true);
        }
        finally
        {
            File.Delete(copy);
        }
    }
}

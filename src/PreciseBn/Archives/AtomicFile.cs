using Microsoft.Win32.SafeHandles;

namespace PreciseBn.Archives;

/// <summary>
/// Replaces a file as a whole or not at all: a changed copy is made in the same folder, flushed to the disk, and renamed
/// over the destination. Whatever fails before the rename leaves the destination as it was and no copy behind.
/// </summary>
internal sealed class AtomicFile
{
    private readonly string _destination;

    /// <summary>Names the file to be replaced or made; a symbolic link stands for the file it leads to.</summary>
    /// <exception cref="PreciseBnException">It could not be written, as far as that can be told beforehand.</exception>
    public AtomicFile(string destination)
    {
        _destination = FollowLinks(destination);
        if (Directory.Exists(_destination))
            throw FileErrors.IsDirectory(_destination);
        if (File.Exists(_destination) && File.GetAttributes(_destination).HasFlag(FileAttributes.ReadOnly))
            throw FileErrors.ReadOnly(_destination);
        Try(() =>
        {
            var probe = TemporaryName();
            using (File.OpenHandle(probe, FileMode.CreateNew, FileAccess.Write, options: FileOptions.DeleteOnClose))
            {
            }
        });
    }

    /// <summary>Replaces the destination by a changed copy of the original.</summary>
    /// <param name="original">The file that is copied, open and unchanged since.</param>
    /// <param name="change">Changes the copy.</param>
    /// <param name="keepBackup">Whether what was at the destination is kept beside it with <c>.bak</c> appended.</param>
    /// <exception cref="PreciseBnException">The original has changed, or something could not be written.</exception>
    public void Replace(SourceFile original, Action<SafeFileHandle> change, bool keepBackup)
    {
        var temporary = TemporaryName();
        try
        {
            Try(() =>
            {
                File.Copy(original.Path, temporary);
                using (var copy = File.OpenHandle(temporary, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                    change(copy);
                    RandomAccess.FlushToDisk(copy);
                }
                if (keepBackup && File.Exists(_destination))
                    KeepBackup();
                if (FileVersion.Of(original.Path) != original.Version)
                    throw FileErrors.Changed(original.Path);
                File.Move(temporary, _destination, overwrite: true);
            });
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private void KeepBackup()
    {
        var temporary = TemporaryName();
        try
        {
            File.Copy(_destination, temporary);
            File.Move(temporary, _destination + ".bak", overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private string TemporaryName() => Path.Combine(
        Path.GetDirectoryName(_destination)!, $".{Path.GetFileName(_destination)}.{Guid.NewGuid():N}.tmp");

    private static string FollowLinks(string path) =>
        new FileInfo(path) is { LinkTarget: not null } link
            ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName
            : Path.GetFullPath(path);

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (DirectoryNotFoundException)
        {
            throw FileErrors.NoSuchFolder(_destination);
        }
        catch (UnauthorizedAccessException e)
        {
            throw FileErrors.AccessDenied(_destination, e);
        }
        catch (IOException e)
        {
            throw FileErrors.WriteFailed(_destination, e);
        }
    }
}

using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>
/// Keeps what a file was beside it, under its name with <c>.bak</c> appended. A backup that is there already may be of the original,
/// so the next is <c>.bak.1</c>, and so on.
/// </summary>
internal sealed class FileBackup : IDisposable
{
    private const string Ending = ".bak";

    private readonly string _file;
    private readonly string _copy;
    private readonly IEnumerable<string> _names;
    private string? _path;

    /// <param name="file">The file.</param>
    /// <param name="identity">What it is to be.</param>
    /// <param name="names">Where it is put: the first of these paths at which nothing is.</param>
    /// <param name="cancellation">Stops the copying.</param>
    /// <exception cref="PreciseBnException">It is another by now.</exception>
    public FileBackup(string file, FileIdentity identity, IEnumerable<string> names, CancellationToken cancellation)
    {
        _file = file;
        _names = names;
        _copy = TemporarySibling.New(file);
        try
        {
            MakeCopy(identity, cancellation);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The names of backups that people find, in their order.</summary>
    public static IEnumerable<string> Names(string file) =>
        Enumerable.Range(0, int.MaxValue).Select(number => file + (number == 0 ? Ending : $"{Ending}.{number}"));

    /// <summary>Gives it its name; what has come to be there stays.</summary>
    /// <exception cref="IOException">Something is at all of its names.</exception>
    public void Put()
    {
        foreach (var path in _names.TakeWhile(_ => _path is null))
        {
            try
            {
                File.Move(_copy, path);
                _path = path;
            }
            catch (IOException) when (Path.Exists(path))
            {
                // Of another run.
            }
        }
        if (_path is null)
            throw new IOException($"'{_names.Last()}' is there already.");
    }

    /// <summary>Puts it in the place of the file again.</summary>
    public void PutBack()
    {
        File.Move(_path!, _file, overwrite: true);
        _path = null;
    }

    /// <summary>Takes it back, as the file has not been replaced.</summary>
    public void Withdraw()
    {
        if (_path is not null)
            TemporarySibling.Remove(_path);
        _path = null;
    }

    public void Dispose() => TemporarySibling.Remove(_copy);

    private void MakeCopy(FileIdentity identity, CancellationToken cancellation)
    {
        using (var file = SourceFile.Open(_file))
        {
            if (file.Identity != identity)
                throw FileErrors.Changed(_file);
            using var copy = TemporarySibling.Create(_copy, isPrivate: true);
            file.CopyTo(copy.SafeFileHandle, cancellation);
            RandomAccess.FlushToDisk(copy.SafeFileHandle);
        }
        File.SetLastWriteTimeUtc(_copy, File.GetLastWriteTimeUtc(_file));
        FileProperties.Copy(_file, _copy);
    }
}

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
    private string? _path;

    /// <param name="file">The file.</param>
    /// <param name="identity">What it is to be.</param>
    /// <exception cref="PreciseBnException">It is another by now.</exception>
    public FileBackup(string file, FileIdentity identity)
    {
        _file = file;
        _copy = TemporarySibling.New(file);
        try
        {
            MakeCopy(identity);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Gives it its name; what has come to be there stays.</summary>
    public void Put()
    {
        for (var number = 0; _path is null; number++)
        {
            var path = _file + (number == 0 ? Ending : $"{Ending}.{number}");
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
    }

    /// <summary>Takes it back, as the file has not been replaced.</summary>
    public void Withdraw()
    {
        if (_path is not null)
            TemporarySibling.Remove(_path);
    }

    public void Dispose() => TemporarySibling.Remove(_copy);

    private void MakeCopy(FileIdentity identity)
    {
        using (var file = SourceFile.Open(_file))
        {
            if (file.Identity != identity)
                throw FileErrors.Changed(_file);
            using var copy = TemporarySibling.Create(_copy, isPrivate: true);
            file.CopyTo(copy.SafeFileHandle);
            RandomAccess.FlushToDisk(copy.SafeFileHandle);
        }
        File.SetLastWriteTimeUtc(_copy, File.GetLastWriteTimeUtc(_file));
        FileProperties.Copy(_file, _copy);
    }
}

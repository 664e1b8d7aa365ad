using PreciseBn.Models;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>
/// A model in a temporary file, for libtorch to read by its path. Where the open files of a process have paths, in Linux, it has no
/// name of its own, so that nothing is left of it even if the process is killed.
/// </summary>
internal sealed class TemporaryModel : IDisposable
{
    private const string OpenFiles = "/proc/self/fd";

    private readonly string _source;
    private readonly FileStream? _nameless;

    /// <param name="source">The model that it is made of, for messages.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="isNameless">Whether the file is to have no name; by default, if it can do without.</param>
    /// <exception cref="PreciseBnException">There is no room for it.</exception>
    public TemporaryModel(string source, Action<Stream> write, bool? isNameless = null)
    {
        _source = source;
        Path = "";
        try
        {
            if (isNameless ?? (OperatingSystem.IsLinux() && Directory.Exists(OpenFiles)))
            {
                _nameless = TemporaryFile.CreateNameless();
                Write(_nameless, write);
                Path = $"{OpenFiles}/{_nameless.SafeFileHandle.DangerousGetHandle()}";
            }
            else
            {
                TemporaryFile.RemoveAbandoned();
                Path = TemporaryFile.NewPath();
                using var file = TemporaryFile.Create(Path);
                Write(file, write);
            }
        }
        catch (Exception e)
        {
            Dispose();
            if (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
                throw ModelErrors.NoRoom(source, e);
            throw;
        }
    }

    /// <summary>Where this process can read it.</summary>
    public string Path { get; }

    /// <summary>The path as libtorch can be given it; <c>null</c> if it cannot, and has to be given the bytes.</summary>
    public string? NarrowPath => Files.NarrowPath.Of(Path);

    /// <summary>Its bytes.</summary>
    /// <exception cref="PreciseBnException">They are too many.</exception>
    public byte[] ReadAll() =>
        new FileInfo(Path).Length <= Array.MaxLength ? File.ReadAllBytes(Path) : throw ModelErrors.NoNarrowPath(_source, Path);

    public void Dispose()
    {
        _nameless?.Dispose();
        if (_nameless is null && Path.Length > 0)
            TemporaryFile.Remove(Path);
    }

    private static void Write(FileStream file, Action<Stream> write)
    {
        var buffer = new BufferedStream(file, TemporaryFile.BufferSize);
        write(buffer);
        buffer.Flush();
    }
}

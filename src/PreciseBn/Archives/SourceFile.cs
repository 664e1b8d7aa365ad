using Microsoft.Win32.SafeHandles;

namespace PreciseBn.Archives;

/// <summary>A file that is read at any position, and of which no more is read than is asked for.</summary>
internal sealed class SourceFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private SourceFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
        Version = FileVersion.Of(path);
    }

    public string Path { get; }

    public long Length { get; }

    public FileVersion Version { get; }

    /// <exception cref="PreciseBnException">The file is missing, is a directory or may not be read.</exception>
    public static SourceFile Open(string path)
    {
        if (Directory.Exists(path))
            throw FileErrors.IsDirectory(path);
        try
        {
            // Shared with everybody: reading a model must not disturb a service that uses it.
            return new SourceFile(path, File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw FileErrors.NotFound(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw FileErrors.AccessDenied(path, e);
        }
        catch (IOException e)
        {
            throw FileErrors.ReadFailed(path, e);
        }
    }

    /// <summary>Fills the buffer from the position.</summary>
    /// <exception cref="PreciseBnException">The file ends before the buffer is full.</exception>
    public void Read(long position, Span<byte> buffer)
    {
        if (position < 0 || position > Length - buffer.Length)
            throw FileErrors.Truncated(Path);
        while (buffer.Length > 0)
        {
            var read = ReadSome(position, buffer);
            if (read == 0)
                throw FileErrors.Truncated(Path);
            position += read;
            buffer = buffer[read..];
        }
    }

    public byte[] Read(long position, int length)
    {
        if (position < 0 || position > Length - length)
            throw FileErrors.Truncated(Path);
        var buffer = new byte[length];
        Read(position, buffer);
        return buffer;
    }

    public Stream OpenRange(long position, long length) => new FileRangeStream(this, position, length);

    public void Dispose() => _handle.Dispose();

    private int ReadSome(long position, Span<byte> buffer)
    {
        try
        {
            return RandomAccess.Read(_handle, buffer, position);
        }
        catch (IOException e)
        {
            throw FileErrors.ReadFailed(Path, e);
        }
    }
}

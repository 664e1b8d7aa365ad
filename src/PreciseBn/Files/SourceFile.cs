using Microsoft.Win32.SafeHandles;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>A file that is read at any position, and of which no more is read than is asked for.</summary>
internal sealed class SourceFile : IDisposable
{
    private const int CopyBufferSize = 1 << 20;

    private readonly SafeFileHandle _handle;

    private SourceFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Identity = FileStatus.Of(handle).Identity;
    }

    public string Path { get; }

    public long Length => Identity.Length;

    /// <summary>What it was when it was opened.</summary>
    public FileIdentity Identity { get; }

    /// <summary>Whether its path still leads to it, and it has not been changed.</summary>
    /// <remarks>While it is open no other file has its number, and what it was is known when it is closed.</remarks>
    public bool IsUnchanged => FileStatus.At(Path)?.Identity == Identity;

    /// <exception cref="PreciseBnException">The file is missing, is none with contents, may not be read, or is not shared.</exception>
    public static SourceFile Open(string path)
    {
        if (Directory.Exists(path))
            throw FileErrors.IsDirectory(path);
        try
        {
            return new SourceFile(path, RegularFile.OpenRead(path));
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

    /// <summary>Copies its bytes, wherever its path leads by now.</summary>
    public void CopyTo(SafeFileHandle copy)
    {
        var buffer = new byte[(int)Math.Min(CopyBufferSize, Length)];
        for (var position = 0L; position < Length; position += buffer.Length)
        {
            var block = buffer.AsSpan(0, (int)Math.Min(buffer.Length, Length - position));
            Read(position, block);
            RandomAccess.Write(copy, block, position);
        }
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

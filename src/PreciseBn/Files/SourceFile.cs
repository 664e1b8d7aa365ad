using Microsoft.Win32.SafeHandles;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>A file that is read at any position, and of which no more is read than is asked for.</summary>
internal sealed class SourceFile : IDisposable
{
    private const int CopyBufferSize = 1 << 20;

    // What Windows says of names that no file can have, such as those with a *.
    private const int InvalidName = unchecked((int)0x8007007b);

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

    /// <summary>A path from the root.</summary>
    /// <exception cref="PreciseBnException">It is no path at all.</exception>
    public static string FullPath(string path) =>
        string.IsNullOrEmpty(path) || path.Contains('\0') ? throw FileErrors.ImpossiblePath(path) : System.IO.Path.GetFullPath(path);

    /// <exception cref="PreciseBnException">The file is missing, is none with contents, may not be read, or is not shared.</exception>
    public static SourceFile Open(string path)
    {
        if (path.Contains('\0'))
            throw FileErrors.ImpossiblePath(path);
        if (Directory.Exists(path))
            throw FileErrors.IsDirectory(path);
        try
        {
            return new SourceFile(path, RegularFile.OpenRead(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or IOException { HResult: InvalidName })
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
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void CopyTo(SafeFileHandle copy, CancellationToken cancellation = default)
    {
        var buffer = new byte[(int)Math.Min(CopyBufferSize, Length)];
        for (var position = 0L; position < Length; position += buffer.Length)
        {
            cancellation.ThrowIfCancellationRequested();
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

/// <summary>A part of a file as a stream that can only be read forward.</summary>
internal sealed class FileRangeStream(SourceFile file, long start, long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var count = (int)Math.Min(buffer.Length, length - _position);
        if (count <= 0)
            return 0;
        file.Read(start + _position, buffer[..count]);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>Keeps to files that have contents of their own: devices, pipes, sockets and streams beside a file have paths too.</summary>
internal static class RegularFile
{
    /// <summary>Opens a file for reading, shared with everybody: reading a model must not disturb a service that uses it.</summary>
    /// <exception cref="PreciseBnException">It is no regular file, or another program does not share it.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static SafeFileHandle OpenRead(string path)
    {
        // Before it is opened: a pipe would be waited for.
        Require(path);
        var handle = Open(path);
        if (FileStatus.Of(handle).IsRegular)
            return handle;
        handle.Dispose();
        throw FileErrors.NotRegular(path);
    }

    /// <summary>Refuses what is there and is no regular file, and names that no regular file can have.</summary>
    /// <exception cref="PreciseBnException">It is none.</exception>
    public static void Require(string path)
    {
        if (OperatingSystem.IsWindows() ? ReservedName.Is(Path.GetFullPath(path)) : FileStatus.At(path) is { IsRegular: false })
            throw FileErrors.NotRegular(path);
    }

    private static SafeFileHandle Open(string path)
    {
        try
        {
            return FileSharing.Retry(
                () => File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete), FileSharing.IsViolation);
        }
        catch (IOException e) when (FileSharing.IsViolation(e))
        {
            throw FileErrors.InUse(path, e);
        }
    }
}

/// <summary>
/// Names that Windows takes for something else than a file in a folder: devices, which have their names in every folder and with
/// every ending, and streams beside the contents of a file.
/// </summary>
internal static class ReservedName
{
    private const string DeviceNamespace = @"\\.\";
    private const string Superscripts = "¹²³";

    private static readonly HashSet<string> Devices = new(
        [
            "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
            .. from port in new[] { "COM", "LPT" } from number in "0123456789" + Superscripts select $"{port}{number}",
        ], StringComparer.OrdinalIgnoreCase);

    /// <param name="path">A full path of Windows.</param>
    public static bool Is(string path)
    {
        var name = path[(path.LastIndexOfAny(['\\', '/']) + 1)..];
        return path.StartsWith(DeviceNamespace, StringComparison.Ordinal) || name.Contains(':') || Devices.Contains(name.Split('.')[0].TrimEnd(' '));
    }
}

using System.Buffers;
using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Images;

/// <summary>The bytes of a file, in pooled memory that stays where it is while a decoder reads it.</summary>
internal sealed unsafe class PinnedFile : IDisposable
{
    private readonly IMemoryOwner<byte> _memory;
    private readonly MemoryHandle _pin;
    private readonly int _length;

    /// <exception cref="PreciseBnException">The file cannot be read.</exception>
    public PinnedFile(string path)
    {
        _memory = Read(path, out _length);
        _pin = _memory.Memory.Pin();
    }

    public ReadOnlySpan<byte> Bytes => _memory.Memory.Span[.._length];

    /// <summary>Where the bytes are.</summary>
    public nint Address => (nint)_pin.Pointer;

    public void Dispose()
    {
        _pin.Dispose();
        _memory.Dispose();
    }

    private static IMemoryOwner<byte> Read(string path, out int length)
    {
        IMemoryOwner<byte>? memory = null;
        try
        {
            using var file = RegularFile.OpenRead(path);
            var bytes = RandomAccess.GetLength(file);
            if (bytes > Array.MaxLength)
                throw DataErrors.UnreadableImage(path, "it has more than 2 GB");
            length = (int)bytes;
            memory = MemoryPool<byte>.Shared.Rent(Math.Max(length, 1));
            for (int done = 0, read; done < length; done += read)
            {
                read = RandomAccess.Read(file, memory.Memory.Span[done..length], done);
                if (read == 0)
                    length = done;
            }
            return memory;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            memory?.Dispose();
            throw DataErrors.UnreadableImage(path, e.Message);
        }
        catch (PreciseBnException e) when (e.ErrorId != "UnreadableImage")
        {
            memory?.Dispose();
            throw DataErrors.UnreadableImage(path, e.ErrorId == "FileInUse" ? "it is open in another program, which does not let go of it" : "it is no regular file");
        }
    }
}

using System.Runtime.InteropServices;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Tables;

/// <summary>
/// Rows of a table as float32, to be read in any order: in memory as long as they are few, else in a temporary file, so that
/// neither the size of a table nor its order costs memory.
/// </summary>
/// <param name="path">The table.</param>
/// <param name="mostMemory">How many bytes are kept in memory.</param>
internal sealed class RowStore(string path, int mostMemory = 64 << 20) : IDisposable
{
    private MemoryStream? _memory = new();
    private FileStream? _file;
    private BufferedStream? _buffer;
    private long _length;

    /// <exception cref="PreciseBnException">There is no room for it.</exception>
    public void Add(ReadOnlySpan<float> row)
    {
        var bytes = MemoryMarshal.AsBytes(row);
        try
        {
            if (_memory is not null && _length + bytes.Length > mostMemory)
                MoveToFile(_memory);
            (_buffer ?? (Stream)_memory!).Write(bytes);
            _length += bytes.Length;
        }
        catch (Exception e) when (IsOfTheFile(e))
        {
            throw TableErrors.NoRoom(path, e);
        }
    }

    /// <summary>The rows that were added.</summary>
    /// <param name="name">Name of the array.</param>
    /// <param name="columns">Number of columns.</param>
    /// <exception cref="PreciseBnException">There is no room for them.</exception>
    public StoredArray ToArray(string name, int columns)
    {
        try
        {
            _buffer?.Flush();
        }
        catch (Exception e) when (IsOfTheFile(e))
        {
            throw TableErrors.NoRoom(path, e);
        }

        var row = columns * sizeof(float);
        return StoredArray.OfItems(name, DType.Float32, [_length / row, columns], (index, item) =>
        {
            if (_memory is not null)
                _memory.GetBuffer().AsSpan((int)(index * row), row).CopyTo(item);
            else if (RandomAccess.Read(_file!.SafeFileHandle, item, index * row) < row)
                throw new EndOfStreamException("The temporary file of a table has become shorter.");
        });
    }

    public void Dispose() => _file?.Dispose();

    private static bool IsOfTheFile(Exception e) => e is IOException or UnauthorizedAccessException;

    private void MoveToFile(MemoryStream memory)
    {
        _file = TemporaryFile.CreateNameless();
        _buffer = new BufferedStream(_file, TemporaryFile.BufferSize);
        memory.WriteTo(_buffer);
        _memory = null;
    }
}

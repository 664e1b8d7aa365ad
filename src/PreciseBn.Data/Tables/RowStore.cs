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

    /// <summary>Makes the arrays of a table. If that fails, nothing of it is left.</summary>
    /// <param name="options">Which of its columns are labels.</param>
    /// <param name="read">Adds the rows, and returns the names of the columns.</param>
    /// <exception cref="PreciseBnException">There is no room for them.</exception>
    public ArrayFile Fill(BnDataLoaderOptions options, Func<string[]> read)
    {
        try
        {
            var columns = read();
            return new ArrayFile(path, ToArrays(ArrayFile.NameOf(path), columns.Length, options.LabelKey), this)
            {
                IsUnnamed = true,
                Columns = options.LabelKey is null ? columns : columns[..^1],
            };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

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

    /// <summary>The rows that were added, and their labels as an array of its own.</summary>
    /// <param name="name">Name of the array.</param>
    /// <param name="columns">Number of columns, with that of the labels.</param>
    /// <param name="labels">Name of the labels, which are the last column; <c>null</c> if there are none.</param>
    /// <exception cref="PreciseBnException">There is no room for them.</exception>
    public StoredArray[] ToArrays(string name, int columns, string? labels)
    {
        try
        {
            _buffer?.Flush();
        }
        catch (Exception e) when (IsOfTheFile(e))
        {
            throw TableErrors.NoRoom(path, e);
        }

        var (row, inputs) = (columns * sizeof(float), labels is null ? columns : columns - 1);
        StoredArray Part(string part, int first, params long[] shape) => StoredArray.OfItems(part, DType.Float32, [_length / row, .. shape], (index, item) =>
            Read((index * row) + (first * sizeof(float)), item));
        return labels is null ? [Part(name, 0, inputs)] : [Part(name, 0, inputs), Part(labels, inputs)];
    }

    public void Dispose() => _file?.Dispose();

    private void Read(long position, Span<byte> numbers)
    {
        if (_memory is not null)
            _memory.GetBuffer().AsSpan((int)position, numbers.Length).CopyTo(numbers);
        else if (RandomAccess.Read(_file!.SafeFileHandle, numbers, position) < numbers.Length)
            throw new EndOfStreamException("The temporary file of a table has become shorter.");
    }

    private static bool IsOfTheFile(Exception e) => e is IOException or UnauthorizedAccessException;

    private void MoveToFile(MemoryStream memory)
    {
        _file = TemporaryFile.CreateNameless();
        _buffer = new BufferedStream(_file, TemporaryFile.BufferSize);
        memory.WriteTo(_buffer);
        _memory = null;
    }
}

using System.Runtime.InteropServices;
using PreciseBn.Archives.Arrays;

namespace PreciseBn.Data.Tables;

/// <summary>
/// Rows of a table as float32, to be read in any order: in memory as long as they are few, else in a temporary file, so that
/// neither the size of a table nor its order costs memory.
/// </summary>
/// <param name="path">The table.</param>
/// <param name="mostMemory">How many bytes are kept in memory.</param>
internal sealed class RowStore(string path, int mostMemory = 64 << 20) : IDisposable
{
    private const int BufferSize = 1 << 16;

    private MemoryStream? _memory = new();
    private FileStream? _file;
    private long _length;

    /// <exception cref="PreciseBnException">There is no room for it.</exception>
    public void Add(ReadOnlySpan<float> row)
    {
        var bytes = MemoryMarshal.AsBytes(row);
        try
        {
            if (_memory is not null && _length + bytes.Length > mostMemory)
                MoveToFile(_memory);
            (_file ?? (Stream)_memory!).Write(bytes);
            _length += bytes.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TableErrors.NoRoom(path, e);
        }
    }

    /// <summary>The rows that were added.</summary>
    /// <param name="name">Name of the array.</param>
    /// <param name="columns">Number of columns.</param>
    public StoredArray ToArray(string name, int columns)
    {
        var row = columns * sizeof(float);
        _file?.Flush();
        return StoredArray.OfItems(name, DType.Float32, [_length / row, columns], (index, item) =>
        {
            if (_memory is not null)
                _memory.GetBuffer().AsSpan((int)(index * row), row).CopyTo(item);
            else if (RandomAccess.Read(_file!.SafeFileHandle, item, index * row) < row)
                throw new EndOfStreamException("The temporary file of a table has become shorter.");
        });
    }

    public void Dispose() => _file?.Dispose();

    private void MoveToFile(MemoryStream memory)
    {
        var temporary = Path.Combine(Path.GetTempPath(), $"precise-bn-{Path.GetRandomFileName()}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = BufferSize };
        if (OperatingSystem.IsWindows())
            options.Options = FileOptions.DeleteOnClose;
        else
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _file = new FileStream(temporary, options);
        // Without a name it is gone with the process, however that ends.
        if (!OperatingSystem.IsWindows())
            File.Delete(temporary);
        memory.WriteTo(_file);
        _memory = null;
    }
}

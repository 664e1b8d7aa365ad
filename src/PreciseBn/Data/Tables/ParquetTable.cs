using Parquet;
using Parquet.Schema;
using PreciseBn.Archives;
using PreciseBn.Archives.Arrays;

namespace PreciseBn.Data.Tables;

/// <summary>
/// A table in columns (Apache Parquet). One group of rows at a time is in memory, and of that only the columns that are taken.
/// </summary>
internal static class ParquetTable
{
    // Columns of one value pack to next to nothing, but a group of more rows than this in a small file is a bomb.
    private const long BelievableRows = 1 << 24;
    private const long BelievableRowsOfByte = 64;

    public static bool IsParquet(string path) => Path.GetExtension(path).ToLowerInvariant() is ".parquet" or ".pq";

    /// <exception cref="PreciseBnException">A cell that is wanted holds no number, or the file is none of this kind.</exception>
    public static ArrayFile Read(SourceFile file, BnDataLoaderOptions options)
    {
        var rows = new RowStore(file.Path);
        try
        {
            var columns = ReadAsync(file, options, rows).GetAwaiter().GetResult();
            return new ArrayFile(file.Path, [rows.ToArray(ArrayFile.NameOf(file.Path), columns.Length)], rows) { IsUnnamed = true, Columns = columns };
        }
        catch (Exception e)
        {
            rows.Dispose();
            // The library says in many ways that a file is not what it should be.
            throw e is PreciseBnException or OutOfMemoryException ? e : Damaged(file, e);
        }
    }

    /// <exception cref="PreciseBnException">The file is none of this kind.</exception>
    public static string[] Columns(SourceFile file)
    {
        try
        {
            using var stream = Open(file);
            return ParquetReader.ReadSchemaAsync(stream).GetAwaiter().GetResult().GetDataFields().Select(field => field.Path.ToString()).ToArray();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw Damaged(file, e);
        }
    }

    private static PreciseBnException Damaged(SourceFile file, Exception e) =>
        FileErrors.Damaged(file.Path, $"it is no Parquet file that can be read ({e.Message.TrimEnd('.')})");

    private static FileStream Open(SourceFile file) => new(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static async Task<string[]> ReadAsync(SourceFile file, BnDataLoaderOptions options, RowStore rows)
    {
        var stream = Open(file);
        await using var _ = stream.ConfigureAwait(false);
        var reader = await ParquetReader.CreateAsync(stream).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        var fields = reader.Schema.GetDataFields();
        var names = fields.Select(field => field.Path.ToString()).ToArray();
        var chosen = ColumnSelection.Choose(names, index => ParquetColumn.HasNumbers(fields[index]), options, file.Path);
        if (chosen.FirstOrDefault(index => !ParquetColumn.HasNumbers(fields[index]), -1) is >= 0 and var odd)
            throw TableErrors.NoNumbers(file.Path, names[odd], fields[odd].IsArray ? "lists" : fields[odd].ClrType.Name);
        var first = 0L;
        for (var index = 0; index < reader.RowGroupCount; index++)
        {
            using var group = reader.OpenRowGroupReader(index);
            if (group.RowCount < 0 || group.RowCount > Math.Max(BelievableRows, file.Length * BelievableRowsOfByte))
                throw FileErrors.LimitExceeded(file.Path, $"it claims a group of {group.RowCount} rows");
            await ReadGroupAsync(group, chosen.Select(column => fields[column]).ToArray(), rows, file.Path, first).ConfigureAwait(false);
            first += group.RowCount;
        }
        return chosen.Select(column => names[column]).ToArray();
    }

    private static async Task ReadGroupAsync(ParquetRowGroupReader group, DataField[] fields, RowStore rows, string path, long first)
    {
        var columns = new float[fields.Length][];
        for (var i = 0; i < fields.Length; i++)
        {
            columns[i] = await ParquetColumn.ReadAsync(group, fields[i]).ConfigureAwait(false);
            if (Array.FindIndex(columns[i], number => !float.IsFinite(number)) is >= 0 and var row)
                throw TableErrors.MissingValue(path, $"row {first + row + 1}", fields[i].Path.ToString(), "no number (null, NaN, or too large for float32)");
        }
        var values = new float[fields.Length];
        for (var row = 0; row < group.RowCount; row++)
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = columns[i][row];
            rows.Add(values);
        }
    }
}

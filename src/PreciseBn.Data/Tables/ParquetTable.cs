using ParquetSharp;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Tables;

/// <summary>A table in columns (Apache Parquet). Of the columns that are taken a page each is in memory at a time.</summary>
internal static class ParquetTable
{
    private const int RowsAtATime = 4096;

    // Columns of one value pack to next to nothing, but more rows than this in a small file are a bomb.
    private const long BelievableRows = 1 << 24;
    private const long BelievableRowsOfByte = 64;

    public static bool IsParquet(string path) => Path.GetExtension(path).ToLowerInvariant() is ".parquet" or ".pq";

    /// <exception cref="PreciseBnException">A cell that is wanted holds no number, or the file is none of this kind.</exception>
    public static ArrayFile Read(SourceFile file, BnDataLoaderOptions options)
    {
        var rows = new RowStore(file.Path);
        return rows.Fill(options, () => WithReader(file, reader => ReadRows(reader, file, options, rows)));
    }

    /// <exception cref="PreciseBnException">The file is none of this kind.</exception>
    public static string[] Columns(SourceFile file) => WithReader(file, reader => ParquetField.All(reader).Select(field => field.Name).ToArray());

    private static T WithReader<T>(SourceFile file, Func<ParquetFileReader, T> read)
    {
        try
        {
            using var stream = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var properties = ReaderProperties.GetDefaultReaderProperties();
            // Else a group's whole column is read at once.
            properties.EnableBufferedStream();
            using var reader = new ParquetFileReader(stream, properties);
            return read(reader);
        }
        catch (Exception e) when (e is not (PreciseBnException or OutOfMemoryException))
        {
            // The library says in many ways that a file is not what it should be.
            throw FileErrors.Damaged(file.Path, $"it is no Parquet file that can be read ({Reason(e)})");
        }
    }

    // The native library's messages come as: type (message: 'text'), and may have several lines.
    private static string Reason(Exception e)
    {
        const string Label = "(message: '";
        var message = e.Message[(e.Message.IndexOf(Label, StringComparison.Ordinal) is >= 0 and var label ? label + Label.Length : 0)..];
        return message.Split('\n')[0].TrimEnd('\'', ')', '.', ' ', '\r');
    }

    private static string[] ReadRows(ParquetFileReader reader, SourceFile file, BnDataLoaderOptions options, RowStore rows)
    {
        var fields = ParquetField.All(reader);
        var chosen = ColumnSelection.Choose(fields.Select(field => field.Name).ToArray(), index => fields[index].HasNumbers, options, file.Path);
        if (chosen.Select(index => fields[index]).FirstOrDefault(field => !field.HasNumbers) is { } odd)
            throw TableErrors.NoNumbers(file.Path, odd.Name, odd.TypeName);
        var names = chosen.Select(index => fields[index].Name).ToArray();
        var first = 0L;
        for (var index = 0; index < reader.FileMetaData.NumRowGroups; index++)
        {
            using var group = reader.RowGroup(index);
            var count = group.MetaData.NumRows;
            if (count < 0 || first + count > Math.Max(BelievableRows, file.Length * BelievableRowsOfByte))
                throw FileErrors.LimitExceeded(file.Path, $"it claims a group of {count} rows");
            ReadGroup(group, chosen, (row, column) => TableErrors.MissingValue(
                file.Path, $"row {first + row + 1}", names[column], "no number (null, NaN, or too large for float32)"), rows);
            first += count;
        }
        return names;
    }

    private static void ReadGroup(RowGroupReader group, int[] chosen, Func<long, int, PreciseBnException> missing, RowStore rows)
    {
        var columns = new List<ParquetColumn>();
        try
        {
            columns.AddRange(chosen.Select(index => new ParquetColumn(group, index)));
            var numbers = columns.ConvertAll(_ => new float[RowsAtATime]);
            var values = new float[chosen.Length];
            for (var done = 0L; done < group.MetaData.NumRows; done += RowsAtATime)
            {
                var count = (int)Math.Min(RowsAtATime, group.MetaData.NumRows - done);
                for (var column = 0; column < values.Length; column++)
                    columns[column].Read(numbers[column], count);
                for (var row = 0; row < count; row++)
                {
                    for (var column = 0; column < values.Length; column++)
                        values[column] = float.IsFinite(numbers[column][row]) ? numbers[column][row] : throw missing(done + row, column);
                    rows.Add(values);
                }
            }
        }
        finally
        {
            columns.ForEach(column => column.Dispose());
        }
    }
}

using PreciseBn.Data.Files;
using PreciseBn.Data.Tables;
using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Data;

/// <summary>Tells what is in a file of arrays.</summary>
public static class BnDataFile
{
    /// <summary>The arrays of a file: name, number format and shape. Their values are not read. A table has columns instead.</summary>
    /// <exception cref="PreciseBnException">The file is missing, damaged, or holds something else.</exception>
    public static IReadOnlyList<(string Name, DType DType, IReadOnlyList<long> Shape)> List(string path)
    {
        if (DataFile.IsTable(path))
            return [];
        using var file = DataFile.Open(path, new());
        return file.Arrays.Select(array => (array.Name, array.DType, array.Shape)).ToArray();
    }

    /// <summary>The names of all columns of a table; none of another file. Its rows are not read.</summary>
    /// <exception cref="PreciseBnException">The file is missing, damaged, or holds something else.</exception>
    public static IReadOnlyList<string> ListColumns(string path)
    {
        using var file = SourceFile.Open(path);
        return CsvTable.IsCsv(path) ? CsvTable.Columns(file) : ParquetTable.IsParquet(path) ? ParquetTable.Columns(file) : [];
    }
}

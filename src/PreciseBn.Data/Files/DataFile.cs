using PreciseBn.Data.Tables;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Files;

/// <summary>Opens a file of numeric arrays, by its ending or by what is in it.</summary>
internal static class DataFile
{
    /// <param name="path">Path of the file.</param>
    /// <param name="options">Which columns of a table to take.</param>
    /// <exception cref="PreciseBnException">The file is missing, damaged, or holds something else.</exception>
    public static ArrayFile Open(string path, BnDataLoaderOptions options)
    {
        var file = SourceFile.Open(path);
        try
        {
            return IsTable(path) ? ReadTable(file, options) : ReadArrays(file, options);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public static bool IsTable(string path) => CsvTable.IsCsv(path) || ParquetTable.IsParquet(path);

    // A table is read at once, and then from where its rows are kept.
    private static ArrayFile ReadTable(SourceFile file, BnDataLoaderOptions options)
    {
        using (file)
            return CsvTable.IsCsv(file.Path) ? CsvTable.Read(file, options)
                : options.Delimiter is null ? ParquetTable.Read(file, options)
                : throw TableErrors.NothingDelimited(file.Path);
    }

    private static ArrayFile ReadArrays(SourceFile file, BnDataLoaderOptions options) =>
        options.Columns.Count + options.ExcludeColumns.Count > 0 || options.Delimiter is not null
            ? throw TableErrors.NotATable(file.Path)
            : ReadArrays(file);

    private static ArrayFile ReadArrays(SourceFile file) => Path.GetExtension(file.Path).ToLowerInvariant() switch
    {
        ".npy" => NumpyFile.ReadNpy(file),
        ".npz" => NumpyFile.ReadNpz(file),
        ".safetensors" => new ArrayFile(file.Path, ReadSafetensors(file), file),
        _ => TensorFile.TryRead(file) ?? IdxFile.TryRead(file) ?? CifarFile.TryRead(file) ?? throw DataErrors.UnknownKind(file.Path),
    };

    private static StoredArray[] ReadSafetensors(SourceFile file) => SafetensorsHeader.Read(file).Tensors
        .Select(tensor => StoredArray.InFile(tensor.Name, tensor.DType, tensor.Shape, file, tensor.Position)).ToArray();
}

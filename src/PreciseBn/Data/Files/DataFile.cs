using PreciseBn.Archives;
using PreciseBn.Archives.Arrays;

namespace PreciseBn.Data.Files;

/// <summary>Opens a file of numeric arrays, by its ending or by what is in it.</summary>
internal static class DataFile
{
    /// <exception cref="PreciseBnException">The file is missing, damaged, or holds something else.</exception>
    public static ArrayFile Open(string path)
    {
        var file = SourceFile.Open(path);
        try
        {
            return Read(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static ArrayFile Read(SourceFile file) => Path.GetExtension(file.Path).ToLowerInvariant() switch
    {
        ".npy" => NumpyFile.ReadNpy(file),
        ".npz" => NumpyFile.ReadNpz(file),
        ".safetensors" => new ArrayFile(file.Path, ReadSafetensors(file), file),
        _ => TensorFile.TryRead(file) ?? IdxFile.TryRead(file) ?? CifarFile.TryRead(file) ?? throw DataErrors.UnknownKind(file.Path),
    };

    private static StoredArray[] ReadSafetensors(SourceFile file) => SafetensorsHeader.Read(file).Tensors
        .Select(tensor => StoredArray.InFile(tensor.Name, tensor.DType, tensor.Shape, file, tensor.Position)).ToArray();
}

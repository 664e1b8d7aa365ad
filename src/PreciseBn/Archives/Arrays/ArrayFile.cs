namespace PreciseBn.Archives.Arrays;

/// <summary>A file of numeric arrays: .npy, .npz or .safetensors.</summary>
internal sealed class ArrayFile : IDisposable
{
    private const string NpyEnding = ".npy";

    private readonly SourceFile _file;

    private ArrayFile(SourceFile file)
    {
        _file = file;
        Arrays = Path.GetExtension(file.Path).ToLowerInvariant() switch
        {
            NpyEnding => [ReadNpy(file)],
            ".npz" => ReadNpz(file),
            _ => ReadSafetensors(file),
        };
    }

    /// <summary>The arrays in the order of the file.</summary>
    public IReadOnlyList<StoredArray> Arrays { get; }

    public static bool IsArrayFile(string path) =>
        Path.GetExtension(path).ToLowerInvariant() is NpyEnding or ".npz" or ".safetensors";

    /// <exception cref="PreciseBnException">The file is missing, damaged, or holds something else.</exception>
    public static ArrayFile Open(string path)
    {
        var file = SourceFile.Open(path);
        try
        {
            return new ArrayFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    private static StoredArray ReadNpy(SourceFile file)
    {
        using var stream = file.OpenRange(0, file.Length);
        var header = NpyHeader.Read(stream, file.Path);
        if (StoredArray.Size(header.DType, header.Shape) > file.Length - header.Length)
            throw FileErrors.Truncated(file.Path);
        return StoredArray.InFile(
            Path.GetFileNameWithoutExtension(file.Path), header.DType, header.Shape, file, header.Length);
    }

    private static StoredArray[] ReadSafetensors(SourceFile file) => SafetensorsHeader.Read(file).Tensors
        .Select(tensor => StoredArray.InFile(tensor.Name, tensor.DType, tensor.Shape, file, tensor.Position)).ToArray();

    private static StoredArray[] ReadNpz(SourceFile file)
    {
        var zip = ZipContents.TryOpen(file, 0, file.Length)
            ?? throw FileErrors.Damaged(file.Path, "it is no complete zip archive, which a .npz is");
        return zip.Entries.Values.Where(entry => entry.Name.EndsWith(NpyEnding, StringComparison.Ordinal))
            .Select(entry => ReadEntry(zip, entry)).ToArray();
    }

    private static StoredArray ReadEntry(ZipContents zip, ZipEntry entry)
    {
        using var stream = zip.Open(entry);
        var header = NpyHeader.Read(stream, $"{zip.File.Path}/{entry.Name}");
        var size = StoredArray.Size(header.DType, header.Shape);
        if (size > entry.Size - header.Length)
            throw FileErrors.Damaged(zip.File.Path, $"its entry '{entry.Name}' is shorter than its header says");
        var name = entry.Name[..^NpyEnding.Length];
        if (entry.IsStored)
            return StoredArray.InFile(name, header.DType, header.Shape, zip.File, entry.DataPosition(zip.File) + header.Length);
        // What is compressed cannot be read from the middle, so it is unpacked when it is first needed.
        return StoredArray.InMemory(
            name, header.DType, header.Shape, () => zip.ReadAll(entry, Array.MaxLength)[header.Length..]);
    }
}

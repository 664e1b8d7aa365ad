using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Formats;

/// <summary>Files that NumPy writes: .npy, and .npz, which is a zip archive of such.</summary>
internal static class NumpyFile
{
    private const string NpyEnding = ".npy";

    /// <exception cref="PreciseBnException">The file is damaged, or holds something else.</exception>
    public static ArrayFile ReadNpy(SourceFile file)
    {
        using var stream = file.OpenRange(0, file.Length);
        var header = NpyHeader.Read(stream, file.Path);
        if (StoredArray.Size(header.DType, header.Shape) > file.Length - header.Length)
            throw FileErrors.Truncated(file.Path);
        var array = StoredArray.InFile(ArrayFile.NameOf(file.Path), header.DType, header.Shape, file, header.Length);
        return new ArrayFile(file.Path, [array], file) { IsUnnamed = true };
    }

    /// <exception cref="PreciseBnException">The file is damaged, or holds something else.</exception>
    public static ArrayFile ReadNpz(SourceFile file)
    {
        var zip = ZipContents.TryOpen(file, 0, file.Length)
            ?? throw FileErrors.Damaged(file.Path, "it is no complete zip archive, which a .npz is");
        var arrays = zip.Entries.Values.Where(entry => entry.Name.EndsWith(NpyEnding, StringComparison.Ordinal))
            .Select(entry => ReadEntry(zip, entry)).ToArray();
        return new ArrayFile(file.Path, arrays, file);
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

using System.Text.Json;
using PreciseBn.Files;
using PreciseBn.Formats;

namespace PreciseBn.Models.Exported;

/// <summary>Finds the parameters, buffers and constants of an exported program in its archive.</summary>
internal static class ExportedTensors
{
    /// <summary>The tensors, by name, of a file of torch.save inside the archive; none if it is not there.</summary>
    public static IEnumerable<KeyValuePair<string, ArchivedTensor>> InPickle(ZipContents zip, string name)
    {
        if (!zip.Entries.TryGetValue(name, out var entry) || entry.Size == 0)
            return [];
        if (!entry.IsStored)
            throw FileErrors.Compressed(zip.File.Path, name);
        var inner = ZipContents.TryOpen(zip.File, entry.DataPosition(zip.File), entry.Size);
        var archive = (inner is null ? null : TorchArchive.TryRead(inner, [entry]))
            ?? throw FileErrors.Damaged(zip.File.Path, $"its entry '{name}' was not written by torch.save");
        return TensorTree.Enumerate(archive.ReadPickle("data.pkl"), zip.File.Path)
            .Select(item => KeyValuePair.Create(item.Name, archive.Find(item.Tensor)));
    }

    /// <summary>The tensors, by name, that have entries of their own in the archive.</summary>
    /// <param name="zip">The archive.</param>
    /// <param name="folder">Folder of these entries.</param>
    /// <param name="config">Name of the entry there that lists them; it may lack.</param>
    public static IEnumerable<KeyValuePair<string, ArchivedTensor>> InEntries(ZipContents zip, string folder, string config) =>
        zip.Entries.TryGetValue(folder + config, out var entry)
            ? ExportedJson.Interpret(zip.File.Path, () => ExportedJson.Read(zip, entry).GetProperty("config").EnumerateObject()
                .Select(item => (item.Name, Tensor: TryRead(zip, folder, item.Value)))
                .Where(item => item.Tensor is not null)
                .Select(item => KeyValuePair.Create(item.Name, item.Tensor!)).ToArray())
            : [];

    // What is pickled is no plain tensor, and no statistics are.
    private static ArchivedTensor? TryRead(ZipContents zip, string folder, JsonElement payload)
    {
        var meta = payload.GetProperty("tensor_meta");
        if (payload.GetProperty("use_pickle").GetBoolean() || meta.ValueKind == JsonValueKind.Null
            || SchemaTypes.ToDType(meta.GetProperty("dtype").GetInt32()) is not { } dtype)
            return null;
        var name = folder + payload.GetProperty("path_name").GetString();
        if (!zip.Entries.TryGetValue(name, out var entry))
            throw FileErrors.Damaged(zip.File.Path, $"it has no entry '{name}'");
        var shape = SchemaTypes.Integers(meta.GetProperty("sizes"));
        var strides = SchemaTypes.Integers(meta.GetProperty("strides"));
        var offset = meta.GetProperty("storage_offset").GetProperty("as_int").GetInt64();
        return shape.Length == strides.Length
            ? new ArchivedTensor(new StoredTensor(dtype, name, offset, shape, strides), zip, entry, [])
            : throw FileErrors.Damaged(zip.File.Path, $"the shape of its entry '{name}' has no strides");
    }
}

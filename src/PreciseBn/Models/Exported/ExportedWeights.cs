using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Exported;

/// <summary>The tensors of an exported program.</summary>
internal static class ExportedWeights
{
    // What differs between exports of one program: by whom it was made, and from which lines of which files.
    private static readonly HashSet<string> Origins = ["metadata", "torch_version", "example_inputs"];

    /// <summary>Finds all of them, and what files of one program have in common besides.</summary>
    /// <exception cref="PreciseBnException">A tensor is not there, of a kind that has no average, or damaged.</exception>
    public static StoredWeights Find(ExportedArchive archive, ExportedProgram program)
    {
        var weights = new StoredWeights();
        foreach (var name in archive.Tensors.Keys.Union(program.Tensors.Select(tensor => tensor.Name)))
        {
            weights.Tensors.Add(StoredWeight.Of(name, archive.Tensors.TryGetValue(name, out var tensor)
                ? tensor : throw ExportedErrors.TensorMissing(archive.File.Path, name)));
        }
        ExportedJson.Interpret(archive.File.Path, () =>
        {
            var nodes = archive.Program.GetProperty("graph_module").GetProperty("graph").GetProperty("nodes");
            foreach (var (index, node) in nodes.EnumerateArray().Index())
                weights.AddTrait($"operation {index + 1}", TextOf(node, Origins));
            weights.AddTrait("the program", TextOf(archive.Program, [.. Origins, "nodes"]));
            return weights;
        });
        return weights;
    }

    /// <summary>Loads some of them into libtorch, each storage once.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="names">Names of the tensors.</param>
    /// <param name="device">Where they go.</param>
    /// <exception cref="PreciseBnException">A tensor is not there, or damaged.</exception>
    public static Tensor[] Load(ExportedArchive archive, IReadOnlyList<string> names, Device device)
    {
        using var scope = NewDisposeScope();
        var storages = new Dictionary<(ZipEntry, DType), Tensor>();
        var tensors = names.Select(name => Load(archive, name, storages, device)).ToArray();
        foreach (var tensor in tensors)
            tensor.DetachFromDisposeScope();
        return tensors;
    }

    private static string TextOf(JsonElement value, HashSet<string> without) => value.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(", ", value.EnumerateObject().Where(item => !without.Contains(item.Name)).Select(item => $"{item.Name}: {TextOf(item.Value, without)}"))}}}",
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(item => TextOf(item, without)))}]",
        _ => value.GetRawText(),
    };

    private static Tensor Load(ExportedArchive archive, string name, Dictionary<(ZipEntry, DType), Tensor> storages, Device device)
    {
        if (!archive.Tensors.TryGetValue(name, out var stored))
            throw ExportedErrors.TensorMissing(archive.File.Path, name);
        var (dtype, _, offset, shape, strides) = stored.Tensor;
        if (shape.Contains(0))
            return empty(shape.ToArray(), dtype.ToScalarType(), device);
        if (!storages.TryGetValue((stored.Storage, dtype), out var storage))
            storages[(stored.Storage, dtype)] = storage = ReadStorage(stored, device);
        try
        {
            return storage.as_strided(shape.ToArray(), strides.ToArray(), offset);
        }
        catch (ExternalException)
        {
            throw FileErrors.Damaged(archive.File.Path, $"the tensor '{name}' lies outside its entry '{stored.Storage.Name}'");
        }
    }

    private static Tensor ReadStorage(ArchivedTensor stored, Device device)
    {
        var (zip, entry) = (stored.Zip, stored.Storage);
        if (!entry.IsStored)
            throw FileErrors.Compressed(zip.File.Path, entry.Name);
        if (entry.Size > int.MaxValue)
            throw FileErrors.Unsupported(zip.File.Path, $"its entry '{entry.Name}' is larger than 2 GiB", "Export the model in parts.");
        if (entry.Size % stored.Tensor.DType.Size() != 0)
            throw FileErrors.Damaged(zip.File.Path, $"its entry '{entry.Name}' ends within a number");
        var storage = empty(entry.Size / stored.Tensor.DType.Size(), stored.Tensor.DType.ToScalarType());
        zip.File.Read(entry.DataPosition(zip.File), storage.bytes);
        if (Crc32.HashToUInt32(storage.bytes) != entry.Crc32)
            throw FileErrors.Damaged(zip.File.Path, $"its entry '{entry.Name}' does not match its checksum");
        return storage.to(device);
    }
}

using System.IO.Compression;
using System.Text.Json;
using PreciseBn.Data;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Tests.Support;

/// <summary>Reads tensors of models by their names: those of TorchScript by libtorch, of others the bytes of their storages.</summary>
internal static class WeightReader
{
    /// <summary>The numbers of a tensor in row-major order.</summary>
    public static double[] Read(string path, string name) => Path.GetExtension(path) switch
    {
        ".pt" => OfScript(path, name),
        ".pt2" => OfProgram(path, name),
        ".pth" => OfCheckpoint(path, name),
        _ => OfData(path, name),
    };

    private static double[] OfScript(string path, string name)
    {
        using var scope = NewDisposeScope();
        using var model = jit.load(path);
        var tensors = model.named_buffers().Concat(model.named_parameters().Select(item => (item.name, (Tensor)item.parameter)));
        return Values(tensors.First(tensor => tensor.Item1 == name).Item2);
    }

    private static double[] OfCheckpoint(string path, string name)
    {
        using var file = SourceFile.Open(path);
        var archive = TorchArchive.TryRead(ZipContents.TryOpen(file, 0, file.Length)!)!;
        var (type, storage, offset, shape, strides) = TensorTree.Enumerate(archive.ReadPickle("data.pkl"), path).Single(tensor => tensor.Name == name).Tensor;
        using var bytes = archive.Open($"data/{storage}");
        return Strided(bytes, type, shape, strides, offset);
    }

    private static double[] OfProgram(string path, string name)
    {
        using var zip = ZipFile.OpenRead(path);
        if (zip.GetEntry("serialized_state_dict.pt") is { } states)
        {
            using var folder = new TemporaryFolder();
            states.ExtractToFile(folder.File("states.pth"));
            return OfCheckpoint(folder.File("states.pth"), name);
        }
        using var config = zip.Entries.Single(entry => entry.Name == "model_weights_config.json").Open();
        using var json = JsonDocument.Parse(config);
        var payload = json.RootElement.GetProperty("config").GetProperty(name);
        var meta = payload.GetProperty("tensor_meta");
        long[] Integers(string property) => meta.GetProperty(property).EnumerateArray().Select(item => item.GetProperty("as_int").GetInt64()).ToArray();
        // As torch/_export/serde/schema.py numbers the types.
        var type = meta.GetProperty("dtype").GetInt32() switch { 6 => DType.Float16, 8 => DType.Float64, 13 => DType.BFloat16, _ => DType.Float32 };
        using var bytes = zip.Entries.Single(entry => entry.FullName.EndsWith($"/data/weights/{payload.GetProperty("path_name").GetString()}", StringComparison.Ordinal)).Open();
        return Strided(bytes, type, Integers("sizes"), Integers("strides"), meta.GetProperty("storage_offset").GetProperty("as_int").GetInt64());
    }

    private static double[] OfData(string path, string name)
    {
        using var loader = BnDataLoader.FromFiles([path], new() { Keys = [name], Order = DataOrder.Sequential });
        using var batch = loader.Read().Single();
        return Values(batch.Inputs[0]);
    }

    private static double[] Strided(Stream stream, DType type, IReadOnlyList<long> shape, IReadOnlyList<long> strides, long offset)
    {
        using var scope = NewDisposeScope();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var storage = empty(memory.Length / type.Size(), type.ToScalarType());
        memory.ToArray().CopyTo(storage.bytes);
        return Values(storage.as_strided(shape.ToArray(), strides.ToArray(), offset));
    }

    private static double[] Values(Tensor tensor) => tensor.to(float64).flatten().data<double>().ToArray();
}

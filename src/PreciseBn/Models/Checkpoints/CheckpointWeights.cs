using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Checkpoints;

/// <summary>Finds all tensors of a model in a file that has no code.</summary>
internal static class CheckpointWeights
{
    /// <summary>Those of a file of torch.save: its state_dicts and modules, see <see cref="PickledWeights"/>.</summary>
    /// <exception cref="PreciseBnException">A tensor is of a kind that has no average, or damaged.</exception>
    public static StoredWeights InTorch(TorchArchive archive)
    {
        var pickled = new PickledWeights(archive, text => text);
        pickled.Add(archive.ReadPickle("data.pkl"), "", isModule: false, TorchArchive.Data);
        return pickled.Found;
    }

    /// <summary>Those of a safetensors file.</summary>
    /// <exception cref="PreciseBnException">A tensor is of a kind that has no average, or the file is none of a model.</exception>
    public static StoredWeights InSafetensors(SourceFile file)
    {
        var header = SafetensorsHeader.Read(file);
        if (header.Others.FirstOrDefault() is { Name: { } name, Type: var type })
            throw ModelErrors.NoAverage(file.Path, name, new($"a tensor of the type {type}", "Save it as float32."));
        if (header.Metadata.ContainsKey(SafetensorsHeader.ChecksumKey))
            throw ModelErrors.NotAModel(file.Path, "it has statistics that were exported, and no weights");
        return Of(header.Tensors.Select(tensor => StoredWeight.InPlace(file, tensor.Name, tensor.DType, tensor.Shape, tensor.Position)));
    }

    /// <summary>Those of a file of TorchSharp.</summary>
    /// <exception cref="PreciseBnException">A tensor is of a kind that has no average.</exception>
    public static StoredWeights InTorchSharp(SourceFile file, IReadOnlyList<TorchSharpTensor> tensors)
    {
        if (tensors.FirstOrDefault(tensor => tensor.DType is null) is { } other)
            throw ModelErrors.NoAverage(file.Path, other.Name, new("a tensor of complex numbers", "Save its parts as float32."));
        return Of(tensors.Select(tensor => StoredWeight.InPlace(file, tensor.Name, tensor.DType!.Value, tensor.Shape, tensor.Position)));
    }

    private static StoredWeights Of(IEnumerable<StoredWeight> tensors)
    {
        var weights = new StoredWeights();
        weights.Tensors.AddRange(tensors);
        return weights;
    }
}

using PreciseBn.Formats;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Checkpoints;

/// <summary>A file of torch.save: a state_dict, or anything that has some in it.</summary>
internal sealed class CheckpointFile(TorchArchive archive) : ModelFile(archive.File.Path, [archive.File], ReadLayers(archive))
{
    public override string Describe() => "is a file of torch.save in which no running_mean has a running_var beside it";

    public override IObservedModel Load(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device) =>
        throw ModelErrors.NoCodeToRun(Path);

    private static IReadOnlyList<StoredLayer> ReadLayers(TorchArchive archive) => BufferLayers.Find(
        archive.File.Path, archive.File.Length,
        TensorTree.Enumerate(archive.ReadPickle("data.pkl"), archive.File.Path).Select(item =>
            new NamedTensor(item.Name, item.Tensor.DType, item.Tensor.Shape, () => archive.Locate(item.Tensor))));
}

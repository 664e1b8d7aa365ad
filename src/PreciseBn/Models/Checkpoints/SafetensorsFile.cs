using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Checkpoints;

/// <summary>A safetensors file with the tensors of a model.</summary>
internal sealed class SafetensorsFile(SourceFile file) : ModelFile(
    file.Path, [file], BufferLayers.Find(file.Path, file.Length, Tensors(file)))
{
    public override string Describe() => "is a safetensors file in which no running_mean has a running_var beside it";

    public override IObservedModel Load(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device) =>
        throw ModelErrors.NoCodeToRun(Path);

    /// <summary>The tensors of a file, or of one of several that belong together.</summary>
    public static IEnumerable<NamedTensor> Tensors(SourceFile file) => SafetensorsHeader.Read(file).Tensors.Select(tensor =>
        new NamedTensor(tensor.Name, tensor.DType, tensor.Shape, () => new TensorSlot
        {
            File = file,
            DType = tensor.DType,
            Length = checked((int)StoredArray.Size(tensor.DType, tensor.Shape) / tensor.DType.Size()),
            Position = tensor.Position,
            Stride = tensor.DType.Size(),
        }));
}

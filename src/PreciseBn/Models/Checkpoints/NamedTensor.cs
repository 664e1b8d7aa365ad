using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Checkpoints;

/// <summary>A tensor in a file that holds tensors by name.</summary>
/// <param name="Name">Its name, with those of the dictionaries it is nested in.</param>
/// <param name="DType">Number format.</param>
/// <param name="Shape">Size of each dimension.</param>
/// <param name="Locate">Finds where its elements are.</param>
internal sealed record NamedTensor(string Name, DType DType, IReadOnlyList<long> Shape, Func<TensorSlot> Locate)
{
    /// <summary>Those of a file of torch.save.</summary>
    /// <exception cref="PreciseBnException">It is damaged, or keeps statistics as something else than tensors.</exception>
    public static IEnumerable<NamedTensor> InTorch(TorchArchive archive)
    {
        var leaves = TensorTree.Leaves(archive.ReadPickle("data.pkl"), archive.File.Path).ToArray();
        var names = leaves.Select(leaf => leaf.Name).ToHashSet();
        foreach (var (name, _, foreign) in leaves)
        {
            if (foreign is not null && BufferLayers.OtherStatistic(name) is { } other && names.Contains(other))
                throw ModelErrors.ForeignStatistics(archive.File.Path, name, foreign);
        }
        return from leaf in leaves
               where leaf.Tensor is not null
               select new NamedTensor(leaf.Name, leaf.Tensor.DType, leaf.Tensor.Shape, () => archive.Locate(leaf.Tensor));
    }

    /// <summary>Those of a safetensors file.</summary>
    /// <exception cref="PreciseBnException">It is damaged.</exception>
    public static IEnumerable<NamedTensor> InSafetensors(SourceFile file) =>
        SafetensorsHeader.Read(file).Tensors.Select(tensor => InPlace(file, tensor.Name, tensor.DType, tensor.Shape, tensor.Position));

    /// <summary>Those of a file of TorchSharp.</summary>
    public static IEnumerable<NamedTensor> InTorchSharp(SourceFile file, IReadOnlyList<TorchSharpTensor> tensors) =>
        from tensor in tensors
        where tensor.DType is not null
        select InPlace(file, tensor.Name, tensor.DType!.Value, tensor.Shape, tensor.Position);

    private static NamedTensor InPlace(SourceFile file, string name, DType dtype, IReadOnlyList<long> shape, long position) => new(name, dtype, shape, () => new TensorSlot
    {
        File = file,
        DType = dtype,
        Length = checked((int)(StoredArray.Size(dtype, shape) / dtype.Size())),
        Position = position,
        Stride = dtype.Size(),
    });
}

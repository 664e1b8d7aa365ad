using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Checkpoints;

/// <summary>
/// Finds BatchNorm layers among named tensors: a <c>running_mean</c> with a <c>running_var</c> of the same length beside it.
/// That is all such files say; InstanceNorm looks the same there.
/// </summary>
internal static class BufferLayers
{
    public const string UnknownType = "Unknown";

    private const string MeanName = "running_mean";
    private const string VarianceName = "running_var";

    /// <summary>The name of the variance beside a mean, or of the mean beside a variance; <c>null</c> for another tensor.</summary>
    public static string? OtherStatistic(string name) => IsNamed(name, MeanName) ? name[..^MeanName.Length] + VarianceName
        : IsNamed(name, VarianceName) ? name[..^VarianceName.Length] + MeanName
        : null;

    /// <param name="path">The file, for the layers and for messages.</param>
    /// <param name="budget">Bounds what its layers may claim.</param>
    /// <param name="tensors">Its tensors.</param>
    public static IReadOnlyList<StoredLayer> Find(string path, StatisticsBudget budget, IEnumerable<NamedTensor> tensors)
    {
        var byName = new Dictionary<string, NamedTensor>();
        foreach (var tensor in tensors)
            byName.TryAdd(tensor.Name, tensor);
        var layers = new List<StoredLayer>();
        foreach (var mean in byName.Values.Where(tensor => tensor.DType.IsFloatingPoint() && IsNamed(tensor.Name, MeanName)))
        {
            var prefix = mean.Name[..^MeanName.Length];
            if (mean.Shape is not [>= 1 and <= TensorSlot.LongestVector] || !byName.TryGetValue(prefix + VarianceName, out var variance)
                || !variance.Shape.SequenceEqual(mean.Shape) || !variance.DType.IsFloatingPoint())
                continue;
            budget.Take(mean.Shape[0], mean.DType, variance.DType);
            layers.Add(ToLayer(path, prefix, byName, mean.Locate(), variance.Locate()));
        }
        return layers;
    }

    private static StoredLayer ToLayer(
        string path, string prefix, Dictionary<string, NamedTensor> tensors, TensorSlot mean, TensorSlot variance)
    {
        var tracked = tensors.GetValueOrDefault(prefix + "num_batches_tracked") is { Shape.Count: 0 } count ? count.Locate() : null;
        var module = new BnModule
        {
            Name = prefix.Length == 0 ? "" : prefix[..^1],
            Type = UnknownType,
            Momentum = double.NaN,
            Eps = double.NaN,
            Affine = tensors.ContainsKey(prefix + "weight"),
            Training = false,
            BatchesTracked = tracked is null ? null : (long)tracked.Read()[0],
            Mean = mean.Read(),
            Variance = variance.Read(),
            DType = mean.DType,
            Path = path,
        };
        return new StoredLayer(module, mean, variance, tracked);
    }

    private static bool IsNamed(string name, string buffer) =>
        name == buffer || name.EndsWith("." + buffer, StringComparison.Ordinal);
}

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

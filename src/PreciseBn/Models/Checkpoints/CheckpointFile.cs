using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Models.Compiled;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Checkpoints;

/// <summary>A file that holds tensors by name, and no code that uses them; or an index of several such files.</summary>
internal sealed class CheckpointFile : ModelFile
{
    private readonly Func<StoredWeights> _readWeights;

    private CheckpointFile(string path, IReadOnlyList<SourceFile> files, string kind, FileEnding ending, IEnumerable<NamedTensor> tensors, Func<StoredWeights> readWeights)
        : base(path, files, BufferLayers.Find(path, new StatisticsBudget(path, files.Sum(file => file.Length)), tensors))
    {
        Kind = kind;
        Ending = ending;
        _readWeights = readWeights;
    }

    /// <summary>A file of torch.save, in Python or C++: a state_dict, or anything that has some in it.</summary>
    public static CheckpointFile OfTorch(TorchArchive archive) =>
        new(archive.File.Path, [archive.File], "a file of torch.save", FileEnding.Torch, NamedTensor.InTorch(archive), () => CheckpointWeights.InTorch(archive));

    /// <summary>A safetensors file.</summary>
    public static CheckpointFile OfSafetensors(SourceFile file) =>
        new(file.Path, [file], "a safetensors file", FileEnding.Safetensors, NamedTensor.InSafetensors(file), () => CheckpointWeights.InSafetensors(file));

    /// <summary>A file of Module.save of TorchSharp.</summary>
    public static CheckpointFile OfTorchSharp(SourceFile file, IReadOnlyList<TorchSharpTensor> tensors) =>
        new(file.Path, [file], "a file of TorchSharp's Module.save", FileEnding.Torch, NamedTensor.InTorchSharp(file, tensors), () => CheckpointWeights.InTorchSharp(file, tensors));

    /// <summary>The files of an index.</summary>
    public static CheckpointFile OfIndex(CheckpointIndex index) =>
        new(index.Path, index.Files, "an index of files with tensors", FileEnding.Safetensors, index.Tensors(), () => throw ModelErrors.ShardsNotAveraged(index.Path));

    public override string Kind { get; }

    public override FileEnding Ending { get; }

    public override StoredWeights ReadWeights() => _readWeights();

    public override string Describe() => $"is {Kind} in which no running_mean has a running_var beside it";

    public override IObservedModel Load(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device) =>
        throw ModelErrors.NoCodeToRun(Path);

    public override IRunningModel LoadToRun(OutputOptions options, Device device) => throw ModelErrors.NoCodeToEvaluate(Path);

    public override ObservedCompiledModel LoadToRunByBatch(OutputOptions options, Device device) => throw ModelErrors.NoCodeToEvaluate(Path);
}

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

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

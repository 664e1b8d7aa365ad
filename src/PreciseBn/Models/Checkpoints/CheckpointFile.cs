using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Models.Compiled;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Checkpoints;

/// <summary>A file that holds tensors by name, and no code that uses them; or an index of several such files.</summary>
internal sealed class CheckpointFile : ModelFile
{
    private readonly Func<StoredWeights> _readWeights;

    private CheckpointFile(string path, IReadOnlyList<SourceFile> files, string kind, IEnumerable<NamedTensor> tensors, Func<StoredWeights> readWeights)
        : base(path, files, BufferLayers.Find(path, files.Sum(file => file.Length), tensors))
    {
        Kind = kind;
        _readWeights = readWeights;
    }

    /// <summary>A file of torch.save, in Python or C++: a state_dict, or anything that has some in it.</summary>
    public static CheckpointFile OfTorch(TorchArchive archive) =>
        new(archive.File.Path, [archive.File], "a file of torch.save", NamedTensor.InTorch(archive), () => CheckpointWeights.InTorch(archive));

    /// <summary>A safetensors file.</summary>
    public static CheckpointFile OfSafetensors(SourceFile file) =>
        new(file.Path, [file], "a safetensors file", NamedTensor.InSafetensors(file), () => CheckpointWeights.InSafetensors(file));

    /// <summary>A file of Module.save of TorchSharp.</summary>
    public static CheckpointFile OfTorchSharp(SourceFile file, IReadOnlyList<TorchSharpTensor> tensors) =>
        new(file.Path, [file], "a file of TorchSharp's Module.save", NamedTensor.InTorchSharp(file, tensors), () => CheckpointWeights.InTorchSharp(file, tensors));

    /// <summary>The files of an index.</summary>
    public static CheckpointFile OfIndex(CheckpointIndex index) =>
        new(index.Path, index.Files, "an index of files with tensors", index.Tensors(), () => throw ModelErrors.ShardsNotAveraged(index.Path));

    public override string Kind { get; }

    public override StoredWeights ReadWeights() => _readWeights();

    public override string Describe() => $"is {Kind} in which no running_mean has a running_var beside it";

    public override IObservedModel Load(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device) =>
        throw ModelErrors.NoCodeToRun(Path);

    public override IRunningModel LoadToRun(OutputOptions options, Device device) => throw ModelErrors.NoCodeToEvaluate(Path);

    public override ObservedCompiledModel LoadToRunByBatch(OutputOptions options, Device device) => throw ModelErrors.NoCodeToEvaluate(Path);
}

using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Models.Checkpoints;
using PreciseBn.Models.Compiled;
using PreciseBn.Models.Exported;
using PreciseBn.Models.TorchScript;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models;

/// <summary>A file with BatchNorm layers, open for reading. Reading it needs no libtorch and executes nothing.</summary>
/// <param name="path">Full path of the file.</param>
/// <param name="files">What it consists of: the file itself, or those that it is the index of.</param>
/// <param name="layers">The layers.</param>
internal abstract class ModelFile(string path, IReadOnlyList<SourceFile> files, IReadOnlyList<StoredLayer> layers) : IDisposable
{
    public string Path { get; } = path;

    public IReadOnlyList<SourceFile> Files { get; } = files;

    public bool IsSharded => Files.Count != 1 || Files[0].Path != Path;

    public IReadOnlyList<StoredLayer> Layers { get; } = layers;

    /// <summary>Names of BatchNorm layers that keep no statistics, as far as the file tells.</summary>
    public virtual IReadOnlyList<string> UntrackedLayers => [];

    /// <summary>Calls of BatchNorm that are no layers, as nobody can tell whose statistics they are given: where each is, and why.</summary>
    public virtual IReadOnlyList<string> UnaccountedCalls => [];

    /// <summary>What it means that a call is no layer.</summary>
    /// <param name="call">Where it is, and why it is none.</param>
    protected static string WithConsequence(string call) =>
        $"{call}. It runs as it was saved, and the layers behind it are recomputed for what it gives out so.";

    /// <summary>Operators in its code that do more than compute, such as to read or write files.</summary>
    public virtual IReadOnlyList<string> OperatorsBeyondNumbers => [];

    /// <summary>How many items a batch may have.</summary>
    public virtual SizeRange BatchSizes => SizeRange.Any;

    /// <summary>Name of the program that it is; <c>null</c> where the file has no other.</summary>
    public virtual string? Program => null;

    /// <summary>Names of all programs in the file; none where it is of a kind that has no names for them.</summary>
    public virtual IReadOnlyList<string> Programs => [];

    /// <summary>Which statistics of these layers are those of other programs in the file, too: a sentence for each.</summary>
    /// <exception cref="PreciseBnException">The file is damaged.</exception>
    public virtual IReadOnlyList<string> FindShared(IReadOnlyCollection<StoredLayer> layers) => [];

    /// <summary>The parts of the file that are tensors of other programs in it, and may change without this being another model.</summary>
    /// <exception cref="PreciseBnException">The file is damaged.</exception>
    public virtual IReadOnlyList<ByteRange> FindApart() => [];

    /// <summary>What kind of file it is, in words.</summary>
    public abstract string Kind { get; }

    /// <summary>How the names of such files end.</summary>
    public abstract FileEnding Ending { get; }

    /// <summary>What the file holds, as the end of a sentence that begins with its name; for when it has no BatchNorm.</summary>
    public abstract string Describe();

    /// <summary>Makes sure that the code of the model only computes, but for operators that are allowed to do more.</summary>
    protected void RefuseMoreThanNumbers(IReadOnlyList<string> allowedOperators)
    {
        if (OperatorsBeyondNumbers.Except(allowedOperators).FirstOrDefault() is { } name)
            throw ModelErrors.OperatorNotAllowed(Path, name);
    }

    /// <summary>Loads the model into libtorch so that the layers can be observed.</summary>
    /// <exception cref="PreciseBnException">It cannot run here.</exception>
    public abstract IObservedModel Load(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device);

    /// <summary>Loads the model into libtorch as it is.</summary>
    /// <exception cref="PreciseBnException">It cannot run here, or returns no such tensor.</exception>
    public abstract IRunningModel LoadToRun(OutputOptions options, Device device);

    /// <summary>Loads the model into libtorch with all its layers observed, so that it tells what it returns then.</summary>
    /// <exception cref="PreciseBnException">It cannot run here, or returns no such tensor.</exception>
    public abstract ObservedCompiledModel LoadToRunByBatch(OutputOptions options, Device device);

    /// <summary>All tensors of the model, and what else makes it that model.</summary>
    /// <exception cref="PreciseBnException">It has a tensor of a kind that has no average, or one that is damaged.</exception>
    public abstract StoredWeights ReadWeights();

    /// <summary>Makes sure that a copy is not named as a file of another kind.</summary>
    /// <exception cref="PreciseBnException">It is.</exception>
    public void RequireEnding(string copy) => Ending.Require(copy, Kind, like: Path);

    /// <param name="path">Full path of the file.</param>
    /// <param name="program">Name of the program that is meant, of a file that may have several; <c>null</c> where there is one only.</param>
    /// <exception cref="PreciseBnException">It cannot be read, is damaged, is of no kind that has layers, or has no such program.</exception>
    public static ModelFile Open(string path, string? program = null)
    {
        var model = OpenAny(path, program);
        if (program is null || model.Programs.Contains(program))
            return model;
        model.Dispose();
        throw ModelErrors.ProgramNotFound(path, program, model.Programs);
    }

    /// <summary>Names of the programs in a file; none where it is of a kind that has no names for them.</summary>
    /// <exception cref="PreciseBnException">It cannot be read.</exception>
    public static IReadOnlyList<string> ListPrograms(string path)
    {
        ModelFormat.RefuseFolder(path);
        using var file = SourceFile.Open(path);
        return ZipContents.TryOpen(file, 0, file.Length) is { } zip ? PackageLayout.NamesOf(zip) : [];
    }

    public void Dispose()
    {
        foreach (var file in Files)
            file.Dispose();
    }

    private static ModelFile OpenAny(string path, string? program)
    {
        ModelFormat.RefuseFolder(path);
        if (path.EndsWith(CheckpointIndex.Ending, StringComparison.OrdinalIgnoreCase))
            return CheckpointIndex.Open(path);
        var file = SourceFile.Open(path);
        try
        {
            ModelFormat.RefusePart(file);
            if (ZipContents.TryOpen(file, 0, file.Length) is { } zip)
                return OpenArchive(zip, program);
            if (SafetensorsHeader.IsAtStart(file))
                return CheckpointFile.OfSafetensors(file);
            if (TorchSharpFile.TryRead(file) is { } tensors)
                return CheckpointFile.OfTorchSharp(file, tensors);
            throw ModelFormat.Explain(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static ModelFile OpenArchive(ZipContents zip, string? program)
    {
        if (ExportedArchive.TryRead(zip, program) is { } exported)
            return new ExportedFile(exported);
        if (TorchArchive.TryRead(zip) is not { } archive)
            throw ModelFormat.Explain(zip);
        return archive.HasCode ? new TorchScriptFile(archive) : CheckpointFile.OfTorch(archive);
    }
}

/// <summary>A BatchNorm layer of a file, and where its statistics stand in it.</summary>
/// <param name="Module">The layer.</param>
/// <param name="Mean">Where the running mean is.</param>
/// <param name="Variance">Where the running variance is.</param>
/// <param name="BatchesTracked">Where the count of batches is, if the layer has one.</param>
internal sealed record StoredLayer(BnModule Module, TensorSlot Mean, TensorSlot Variance, TensorSlot? BatchesTracked)
{
    /// <summary>Whether neighbours of the mean or of the variance do not lie side by side.</summary>
    public bool HasStride => Mean.Stride != Mean.DType.Size() || Variance.Stride != Variance.DType.Size();
}

/// <summary>
/// How many bytes of statistics the layers of a file can have. Layers that share storage could make a small file ask for any amount of
/// memory.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="bytes">How many bytes the file has.</param>
internal sealed class StatisticsBudget(string path, long bytes)
{
    private long _left = bytes;

    /// <summary>Counts the statistics of a layer.</summary>
    /// <exception cref="PreciseBnException">The layers have more of them than there are bytes.</exception>
    public void Take(long channels, DType mean, DType variance)
    {
        _left -= channels * (mean.Size() + variance.Size());
        if (_left < 0)
            throw ModelErrors.TooManyStatistics(path);
    }
}

/// <summary>Bytes of a file that follow each other.</summary>
/// <param name="Position">Where they begin.</param>
/// <param name="Length">How many they are.</param>
internal readonly record struct ByteRange(long Position, long Length)
{
    /// <summary>One behind the last.</summary>
    public long End => Position + Length;
}

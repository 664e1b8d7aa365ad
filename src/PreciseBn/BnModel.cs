using PreciseBn.Batches;
using PreciseBn.Comparison;
using PreciseBn.Files;
using PreciseBn.Models;
using PreciseBn.Models.Live;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Recalibration;
using PreciseBn.Sharding;
using PreciseBn.Transfer;
using static TorchSharp.torch;

namespace PreciseBn;

/// <summary>
/// A model with BatchNorm layers, in a file or in memory: the door to everything that is done with it. Reading its layers loads no
/// libtorch and executes nothing that is in the file; measuring them runs the model.
/// </summary>
/// <example>
/// <code>
/// using var model = BnModel.Open("model.pt");
/// var result = model.Update(BatchSource.Of(batches));
/// </code>
/// </example>
public sealed class BnModel : IDisposable
{
    private readonly IModelSource _source;
    private readonly IReadOnlyCollection<string>? _selected;

    private BnModel(IModelSource source, IReadOnlyCollection<string>? selected = null)
    {
        _source = source;
        _selected = selected;
    }

    internal IModelSource Source => _source;

    /// <summary>How messages name it.</summary>
    public string Name => _source.Name;

    /// <summary>Full path of the file; <c>null</c> for a model in memory.</summary>
    public string? Path => _source.Path;

    /// <summary>Which of several programs in the file it is; <c>null</c> where the file has no other.</summary>
    public string? Program => _source.Program;

    /// <summary>
    /// Its BatchNorm layers with tracked statistics, in the order in which they were defined; only those that were selected, if some
    /// were. They are read when they are asked for, so that those of a model in memory are as training has left them.
    /// </summary>
    /// <exception cref="PreciseBnException">The file is missing, damaged or of another kind, or has lost a layer.</exception>
    public IReadOnlyList<BnModule> Layers => TorchFailures.Guard(() => Name, () => _source.Layers.Where(layer => _selected?.Contains(layer.Name) != false).ToArray());

    /// <summary>Names of BatchNorm layers that keep no statistics, as far as the model tells.</summary>
    public IReadOnlyList<string> UntrackedLayers => _source.UntrackedLayers;

    /// <summary>
    /// Calls of BatchNorm whose statistics could not be found out, so that they are no layers here and stay as they are: a sentence
    /// for each, with its place in the code.
    /// </summary>
    public IReadOnlyList<string> UnaccountedCalls => _source.UnaccountedCalls;

    /// <summary>
    /// Which statistics of these layers are those of other programs in the file, too, so that whoever writes them changes these programs as well: a
    /// sentence for each.
    /// </summary>
    public IReadOnlyList<string> SharedStatistics => _source.FindShared([.. Layers.Select(layer => layer.Name)]);

    /// <summary>What it is, as the end of a sentence that begins with its name; for when it has no layers.</summary>
    public string Contents => _source.Contents;

    /// <summary>Opens a saved model.</summary>
    /// <param name="path">A TorchScript model, an exported program, a checkpoint of torch.save, or safetensors.</param>
    /// <exception cref="PreciseBnException">The file is missing, damaged or of another kind, or has several programs.</exception>
    public static BnModel Open(string path) => Open(path, program: null);

    /// <summary>Opens a saved model, of a package of several programs one; see <see cref="BnPackage"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="program">Name of the program; <c>null</c> where there is one only.</param>
    /// <exception cref="PreciseBnException">The file is missing, damaged or of another kind, or has no such program.</exception>
    public static BnModel Open(string path, string? program) => Read(new SavedModel(path, program));

    /// <summary>
    /// Takes a TorchSharp model in memory, which stays the caller's. Its code and hooks run in the gradient mode and the dispose scopes of the
    /// caller, while parameters ask for no gradients, and tensors that they keep stay usable. Parameters, buffers and modes that running
    /// changes or replaces are put back: while it runs there is a copy of each, and of its first batches another.
    /// </summary>
    /// <param name="module">A model built in C# or PowerShell; not a TorchScript module.</param>
    /// <exception cref="PreciseBnException">Its layers cannot be observed.</exception>
    public static BnModel Of(nn.Module module) => Read(new LiveModel(module));

    /// <summary>The models that layers are of, in the order of their appearance, with these layers alone. Files are opened when they are needed.</summary>
    public static IReadOnlyList<BnModel> Of(IEnumerable<BnModule> layers) => layers
        .GroupBy(layer => (Model: layer.Path ?? (object?)layer.Live?.Root ?? throw ModelErrors.LayerWithoutModel(layer.Name), layer.Program))
        .GroupBy(group => (group.Key.Model is string path ? WritableFile.KeyOf(path) : group.Key.Model, group.Key.Program))
        .Select(same => new BnModel(
            same.First().Key is { Model: string path, Program: var program } ? new SavedModel(path, program) : new LiveModel(same.First().First().Live!.Root),
            same.SelectMany(group => group).Select(layer => layer.Name).Distinct().ToArray()))
        .ToArray();

    /// <summary>Whether another one is of the same file, and the same program there, or the same module in memory.</summary>
    public bool IsSame(BnModel other) => Path is { } path
        ? other.Path is { } otherPath && WritableFile.IsSame(path, otherPath) && Program == other.Program
        : ReferenceEquals(_source.Gate, other._source.Gate);

    /// <summary>The same model with some of its layers; the others are neither measured nor changed.</summary>
    /// <param name="patterns">Names, any of those that a layer has, in which <c>*</c> stands for any letters and <c>?</c> for one.</param>
    /// <exception cref="PreciseBnException">A pattern matches no layer.</exception>
    public BnModel Only(params IEnumerable<string> patterns) => new(_source, LayerPatterns.Find(Name, Layers, patterns));

    /// <summary>Measures what the statistics of the layers are on some data, and changes nothing.</summary>
    /// <param name="data">The data to run.</param>
    /// <param name="options">How; by default as <see cref="MeasureOptions"/> says.</param>
    /// <param name="progress">Told about every batch, on the calling thread.</param>
    /// <param name="cancellation">Stops the work within a batch.</param>
    /// <exception cref="PreciseBnException">The data or the model cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public BnResult Measure(
        IBatchSource data, MeasureOptions? options = null, IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default) =>
        Exclusively(() => new Recalibrator(_source, SelectedNames(), data, options ?? new(), progress).Measure(cancellation));

    /// <summary>Measures in another thread; see <see cref="Measure"/>.</summary>
    public Task<BnResult> MeasureAsync(
        IBatchSource data, MeasureOptions? options = null, IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => Measure(data, options, progress, cancellation), cancellation);

    /// <summary>Measures the statistics of the layers on some data, and puts them in the place of the old.</summary>
    /// <param name="data">The data to run.</param>
    /// <param name="options">How they are measured.</param>
    /// <param name="save">Where a file goes; by default it is changed where it is.</param>
    /// <param name="progress">Told about every batch, on the calling thread.</param>
    /// <param name="cancellation">Stops the work within a batch.</param>
    /// <returns>The statistics; those of the first estimator are the ones that were written.</returns>
    /// <exception cref="PreciseBnException">It failed; model and file are as they were.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; model and file are as they were.</exception>
    public BnResult Update(
        IBatchSource data, MeasureOptions? options = null, SaveOptions? save = null,
        IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default) => Exclusively(() =>
        {
            var sink = _source.PrepareToWrite(save ?? new());
            var result = new Recalibrator(_source, SelectedNames(), data, options ?? new(), progress).Measure(cancellation);
            cancellation.ThrowIfCancellationRequested();
            RefuseOtherScale(result, save);
            return Write(result, sink, cancellation);
        });

    /// <summary>Measures and updates in another thread; see <see cref="Update"/>.</summary>
    public Task<BnResult> UpdateAsync(
        IBatchSource data, MeasureOptions? options = null, SaveOptions? save = null,
        IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default) =>
        Task.Run(() => Update(data, options, save, progress, cancellation), cancellation);

    /// <summary>Measures a shard of some data, and changes nothing. What it returns merges with that of other shards, see <see cref="BnMerger"/>.</summary>
    /// <param name="data">All of the data; the shard is taken of them.</param>
    /// <param name="options">Which shard, and how.</param>
    /// <param name="progress">Told about every batch, on the calling thread.</param>
    /// <param name="cancellation">Stops the work within a batch.</param>
    /// <returns>The partial statistics, one object a layer.</returns>
    /// <exception cref="PreciseBnException">The data, the model or the checkpoint cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IReadOnlyList<PartialBnStat> MeasureShard(
        IBatchSource data, ShardOptions? options = null, IProgress<MeasureProgress>? progress = null, CancellationToken cancellation = default) =>
        Exclusively(() => new ShardMeasurement(_source, SelectedNames(), data, options ?? new(), progress).Run(cancellation));

    /// <summary>Puts statistics that were measured on this model, merged ones above all, in the place of the old.</summary>
    /// <param name="result">The statistics.</param>
    /// <param name="save">Where a file goes; by default it is changed where it is.</param>
    /// <param name="cancellation">Stops a long write; everything is as it was then.</param>
    /// <returns>The statistics that were written: those of the first estimator.</returns>
    /// <exception cref="PreciseBnException">They were measured on another model, or cannot be written; everything is as it was.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; everything is as it was.</exception>
    public BnResult Save(BnResult result, SaveOptions? save = null, CancellationToken cancellation = default) => Exclusively(() =>
    {
        var sink = _source.PrepareToWrite(save ?? new());
        if (result.ContentSha256 is { } content && content != _source.Identify(result.Layers.Select(layer => layer.Name).ToArray()).Content)
            throw PartialErrors.WrongModel(Name);
        RefuseOtherScale(result, save);
        return Write(result, sink, cancellation);
    });

    /// <summary>Puts statistics from elsewhere into the layers that they belong to by their names, all or none.</summary>
    /// <param name="statistics">The statistics, one object a layer.</param>
    /// <param name="match">How names are matched.</param>
    /// <param name="save">Where a file goes; by default it is changed where it is.</param>
    /// <param name="cancellation">Stops a long write; everything is as it was then.</param>
    /// <returns>The layers as they are now where they were written.</returns>
    /// <exception cref="PreciseBnException">They do not match, or cannot be written; everything is as it was.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; everything is as it was.</exception>
    public IReadOnlyList<BnModule> Apply(
        IReadOnlyList<ILayerStatistics> statistics, MatchOptions? match = null, SaveOptions? save = null, CancellationToken cancellation = default) =>
        Exclusively(() =>
        {
            var sink = _source.PrepareToWrite(save ?? new());
            var updates = LayerMatching.Match(Name, Layers, statistics, match ?? new());
            sink.Write(updates, cancellation);
            using var written = sink.Destination is { } path ? new SavedModel(path, _source.Program) : null;
            return (written ?? _source).Layers.Where(layer => updates.ContainsKey(layer.Name)).ToArray();
        });

    /// <summary>Looks for what is not right with the model and its layers. No data are needed.</summary>
    public IReadOnlyList<BnFinding> Diagnose() =>
        [.. _selected is null ? ModelFindings.Of(Path, Program, _source.Layers.Count, Contents, UntrackedLayers, UnaccountedCalls, _source.OperatorsBeyondNumbers) : [], .. Layers.SelectMany(StatisticsFindings.Of)];

    /// <summary>Closes the file.</summary>
    public void Dispose() => _source.Dispose();

    private static BnModel Read(IModelSource source)
    {
        var model = new BnModel(source);
        _ = model.Layers;
        return model;
    }

    private void RefuseOtherScale(BnResult result, SaveOptions? save)
    {
        if (save is not { Force: true } && IsChangedInPlace(save?.Destination) && result is { IsScaledOtherwise: true, First: { InputScale: { } scale } first })
            throw RecalibrationErrors.ScaledOtherwise(Name, scale, first.Name);
    }

    private bool IsChangedInPlace(string? destination) => destination is null || (Path is { } path && WritableFile.IsSame(destination, path));

    private IReadOnlyCollection<string> SelectedNames()
    {
        var names = _selected ?? _source.Layers.Select(layer => layer.Name).ToArray();
        return names.Count > 0 ? names : throw ModelErrors.NoLayers(Name, Contents);
    }

    private static BnResult Write(BnResult result, IStatisticsSink sink, CancellationToken cancellation)
    {
        sink.Write(result.Layers.Where(stat => stat.Batches > 0).ToDictionary(stat => stat.Name, stat => (ILayerStatistics)stat), cancellation);
        return result.At(sink.Destination);
    }

    // A model that runs is not the same for whoever else looks at it meanwhile.
    internal T Exclusively<T>(Func<T> work)
    {
        if (!Monitor.TryEnter(_source.Gate))
            throw ModelErrors.InUse(Name);
        try
        {
            return TorchFailures.Guard(() => Name, work);
        }
        finally
        {
            Monitor.Exit(_source.Gate);
        }
    }
}

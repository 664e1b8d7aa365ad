using System.Management.Automation;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.PowerShell.Completion;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Measures which part of labelled data models put into the right class, as they are, and whether one is better than another.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "BnAccuracy", HelpUri = HelpPages.Folder + "Measure-BnAccuracy.md", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(BnAccuracy))]
public sealed class MeasureBnAccuracyCommand : RunCmdlet
{
    private const string InputObjectSet = "InputObject";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private readonly List<BnModel> _models = [];
    private IBatchSource? _batches;
    private bool _hasFailed;

    /// <summary>Paths of models; wildcards are allowed. Each but the first is compared with the first.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Paths of models, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet)]
    [Alias("LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Layers from Get-BnModule, statistics from Update-BnStat, files or paths, whose models are meant.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>A loader from New-BnDataLoader, a path, or anything that yields tuples or dictionaries with inputs and labels.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = InputObjectSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = LiteralPathSet)]
    [ValidateNotNull]
    public object Data { get; set; } = null!;

    /// <summary>
    /// Which array of a file, column of a table, or entry of a batch (of a tuple by its index) has the labels. Loaders that were made
    /// with -LabelKey, and folders of images with a folder for each class, know it.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ArrayKeyCompleter))]
    public string? LabelKey { get; set; }

    /// <summary>Which tensor of what a model returns has the scores: a key of a dictionary, or an index of a tuple.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputKey { get; set; }

    /// <summary>
    /// What is measured in place of accuracy: a script that gets what the model returns for a batch and its labels, as tensors, and returns a
    /// number, or one for each item. Labels are not needed then.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public ScriptBlock? Metric { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => _batches = LabelledBatches();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var item in InputObject)
            ForEachItem(() => Add(item));
        ForEachFile(Path, LiteralPath, AddFile);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_models.Count == 0)
        {
            if (!_hasFailed)
                WriteWarning("No model came through the pipeline, so that nothing was done.");
            return;
        }
        ForEachItem(() =>
        {
            using var progress = new UpdateProgress(this, "Accuracy");
            var options = FillCall(new AccuracyOptions { OutputKey = OutputKey, Metric = Metric is null ? null : ScriptMetric.Create(Metric) });
            var results = BnEvaluator.Measure(_models, _batches!, options, (_, failure) => WriteError(failure.ToErrorRecord()), progress, StopToken);
            foreach (var result in results)
                TellOf(result);
            if (_batches is BnDataLoader { Skipped: > 0 } loader)
                WriteWarning($"{loader.Skipped} image files or folders could not be read and were left out.");
            WriteObject(results, enumerateCollection: true);
        });
    }

    /// <inheritdoc/>
    protected override void OnItemFailed() => _hasFailed = true;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _models.ForEach(model => model.Dispose());
        base.Dispose(disposing);
    }

    private IBatchSource LabelledBatches()
    {
        var isLabelled = Metric is null || LabelKey is not null;
        if (PowerShellData.PathOf(Data) is { } path)
            return Require(() => Open(path, new() { Keys = InputKey, IsLabelled = isLabelled, LabelKey = LabelKey }));
        RefuseInputKey(Data);
        return PowerShellData.Unwrap(Data) switch
        {
            BnDataLoader { Options.IsLabelled: true } loader when LabelKey is null || LabelKey == loader.Options.LabelKey => loader,
            BnDataLoader loader when isLabelled => Require(() => Keep(loader.WithLabels(LabelKey))),
            IBatchSource when LabelKey is not null => Require<IBatchSource>(() => throw LabelKeyWithoutEffect()),
            _ => PowerShellData.ToBatches(Data, InputKey, LabelKey),
        };
    }

    private void Add(PSObject item)
    {
        switch (ReceivedObjects.Restore(item))
        {
            case ILayerStatistics { Path: { } path }:
                AddFile(path);
                break;
            case BnModule layer:
                AddModel(BnModel.Of([layer])[0]);
                break;
            case string path:
                ForEachFile([path], [], AddFile);
                break;
            case FileInfo file:
                AddFile(file.FullName);
                break;
            default:
                throw NotAModel(item);
        }
    }

    private void AddFile(string path) => AddModel(BnModel.Open(path));

    // The layers of a model come one by one.
    private void AddModel(BnModel model)
    {
        if (_models.Any(model.IsSame))
            model.Dispose();
        else
            _models.Add(model);
    }

    private void TellOf(BnAccuracy result)
    {
        WriteVerbose($"{result}, on {result.Device}.");
        if (result.AreProbabilities)
            WriteWarning($"What '{result.Name}' returns are probabilities, so that its loss is their negative logarithm, not the cross-entropy of logits.");
    }

    private static PreciseBnException LabelKeyWithoutEffect() => new(
        "OptionWithoutEffect", ErrorKind.InvalidArgument, "-LabelKey has no effect on a source of batches of your own, which gives labels itself.",
        "Leave it out.", nameof(LabelKey));
}

using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that runs models on data to judge them as a whole: which models these are.</summary>
public abstract class EvaluationCmdlet : RunCmdlet
{
    private readonly List<BnModel> _models = [];
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

    /// <summary>A loader from New-BnDataLoader, a path, or anything that yields tensors, arrays, tuples or dictionaries of them.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = InputObjectSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = LiteralPathSet)]
    [ValidateNotNull]
    public object Data { get; set; } = null!;

    /// <summary>The models that were given, each once.</summary>
    private protected IReadOnlyList<BnModel> Models => _models;

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
        if (_models.Count > 0)
            ForEachItem(Evaluate);
        else if (!_hasFailed)
            WriteWarning("No model came through the pipeline, so that nothing was done.");
    }

    /// <summary>Judges the models.</summary>
    private protected abstract void Evaluate();

    /// <inheritdoc/>
    protected override void OnItemFailed() => _hasFailed = true;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _models.ForEach(model => model.Dispose());
        base.Dispose(disposing);
    }

    private void Add(PSObject item)
    {
        if (ReceivedObjects.Restore(item) is ILayerStatistics { Path: { } path, Program: var program })
        {
            RefuseProgram();
            AddModel(BnModel.Open(path, program));
        }
        else
        {
            TakeModel(item, layer => AddModel(BnModel.Of([layer])[0]), AddFile);
        }
    }

    private void AddFile(string path) => AddModel(BnModel.Open(path, Program));

    // The layers of a model come one by one.
    private void AddModel(BnModel model)
    {
        if (_models.Any(model.IsSame))
            model.Dispose();
        else
            _models.Add(model);
    }
}

using System.Management.Automation;
using PreciseBn.Batches;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that runs models on data: which models these are, and which of their layers are meant.</summary>
public abstract class ModelCmdlet : MeasuringCmdlet
{
    private readonly List<BnModule> _layers = [];
    private IBatchSource? _batches;
    private bool _hasFailed;

    /// <summary>A loader from New-BnDataLoader, a path, or anything that yields tensors, arrays, tuples or dictionaries of them.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = InputObjectSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = LiteralPathSet)]
    [ValidateNotNull]
    public virtual object Data { get; set; } = null!;

    /// <summary>Layers from Get-BnModule, and no others of their models; or files of models, all of whose layers are meant.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>Paths of models, all of whose layers are meant; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Paths of models, all of whose layers are meant, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet)]
    [Alias("LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>How the variance is estimated. Of several, each gives statistics of its own, and the first is written.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public Estimator[] Estimator { get; set; } = [PreciseBn.Estimator.PopulationVariance];

    /// <summary>Whether there is anything to measure so far.</summary>
    private protected bool HasLayers => _layers.Count > 0;

    /// <summary>The data, opened before what stands before the cmdlet in the pipeline has begun.</summary>
    private protected IBatchSource Batches => _batches ??= ToBatches(Data);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Data is not null)
            _ = Batches;
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var item in InputObject)
            ForEachItem(() => Add(item));
        ForEachFile(Path, LiteralPath, AddFile);
    }

    /// <inheritdoc/>
    protected override void OnItemFailed() => _hasFailed = true;

    /// <summary>Takes layers, or a file.</summary>
    private protected virtual void Add(object item) => TakeModel(item, _layers.Add, AddFile);

    /// <summary>The models, each with the layers that are meant.</summary>
    private protected IReadOnlyList<BnModel> Models()
    {
        if (_layers.Count == 0 && !_hasFailed)
            WriteWarning("No model came through the pipeline, so that nothing was done.");
        return Require(() => BnModel.Of(_layers));
    }

    private void AddFile(string path)
    {
        var layers = StatisticsSources.ReadModel(this, path, Program);
        _hasFailed |= layers.Count == 0;
        _layers.AddRange(layers);
    }
}

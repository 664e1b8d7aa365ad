using System.Diagnostics;
using System.Management.Automation;
using PreciseBn.Batches;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Recomputes the statistics of BatchNorm layers from data, with the weights fixed.</summary>
[Cmdlet(VerbsData.Update, "BnStat", HelpUri = HelpPages.Folder + "Update-BnStat.md", SupportsShouldProcess = true, DefaultParameterSetName = DataSet)]
[OutputType(typeof(BnStat))]
public sealed class UpdateBnStatCommand : DataCmdlet
{
    private const string DataSet = "Data";
    private const string MergedSet = "Merged";

    private readonly List<BnModule> _layers = [];
    private readonly List<BnStat> _merged = [];

    /// <summary>The layers to recompute, from Get-BnModule. Other layers stay as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = DataSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public BnModule[] InputObject { get; set; } = [];

    /// <summary>A loader from New-BnDataLoader, or anything that yields tensors, arrays, tuples or dictionaries of them.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = DataSet)]
    [ValidateNotNull]
    public object Data { get; set; } = null!;

    /// <summary>Statistics from Merge-BnStat, which are written into the model that they were measured on.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MergedSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public BnStat[] Merged { get; set; } = [];

    /// <summary>How the variance is estimated. Of several, each gives objects of its own, and the first is written.</summary>
    [Parameter(ParameterSetName = DataSet)]
    [ValidateNotNullOrEmpty]
    public Estimator[] Estimator { get; set; } = [PreciseBn.Estimator.PopulationVariance];

    /// <summary>How many values the statistics from before count as, in a mixture with the new ones.</summary>
    [Parameter(ParameterSetName = DataSet)]
    [ValidateRange(0.0, double.MaxValue)]
    public double PriorWeight { get; set; }

    /// <summary>Measures each layer with those before it normalised by their final statistics; one pass over the data each, and one to check them.</summary>
    [Parameter(ParameterSetName = DataSet)]
    public SwitchParameter Exact { get; set; }

    /// <summary>Keeps how precise the statistics were after 1, 2, 4, 8 batches and so on, for Export-BnReport.</summary>
    [Parameter(ParameterSetName = DataSet)]
    public SwitchParameter RecordConvergence { get; set; }

    /// <summary>File, or folder for several models, to write to. Without it the models themselves are changed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Keeps what is replaced, with .bak, or the first free of .bak.1, .bak.2 and so on, appended to its name.</summary>
    [Parameter]
    public SwitchParameter Backup { get; set; }

    /// <summary>Replaces a file that is already at the destination.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        // What stands before it in the pipeline measures, if it merges that.
        if (Data is null && Destination is not null && !Require(() => Directory.Exists(PathResolver.ResolveLiteral(this, Destination))))
            RequireDestination(Destination, Force);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _layers.AddRange(InputObject);
        _merged.AddRange(Merged);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ParameterSetName == MergedSet)
        {
            RefuseWithoutEffect();
            ForEachItem(WriteMerged);
            return;
        }
        var models = BnModel.Of(_layers);
        var destinations = Require(() => new UpdateDestination(this, Destination, models.Count > 1).RequireApart(models));
        var batches = ToBatches(Data);
        using var progress = new ModelsProgress(this, "BatchNorm statistics", models.Count);
        foreach (var model in models)
        {
            progress.Begin(model.Path ?? "the model in memory");
            ForEachItem(() => UpdateModel(model, batches, destinations));
        }
    }

    private void UpdateModel(BnModel model, IBatchSource batches, UpdateDestination destinations)
    {
        using var opened = model;
        var name = model.Path is null ? "the model in memory" : $"'{model.Path}'";
        var destination = model.Path is { } path ? destinations.For(path) : null;
        var layers = model.Layers.Count;
        if (!ShouldProcess(destination ?? name, $"Recompute the statistics of {layers} BatchNorm layers"))
            return;
        foreach (var call in model.UnaccountedCalls)
            WriteWarning($"{name}: {call}");
        if ((destination ?? model.Path) is { } file)
            WarnOfOtherNames(file);
        var clock = Stopwatch.StartNew();
        using var progress = new UpdateProgress(this, $"BatchNorm statistics of {System.IO.Path.GetFileName(model.Path) ?? name}");
        var result = model.Update(batches, Options(), Saving(destination), progress, StopToken);
        TellOfMeasurement(result, batches, name);
        TellOfResult(layers, destination is null ? name : $"'{destination}'", $" after {clock.Elapsed.TotalSeconds:0.0} s");
        WarnOfOmissions(result, batches, name);
        WriteObject(result.Statistics, enumerateCollection: true);
    }

    // What was measured elsewhere is only written.
    private void RefuseWithoutEffect()
    {
        string[] ofMeasuring =
            [nameof(Iterations), nameof(Tolerance), nameof(Device), nameof(InputKey), nameof(AllowReuse), nameof(SkipNonFinite),
             nameof(MemoryFormat), nameof(AllowOperator), nameof(Method), nameof(Argument)];
        if (ofMeasuring.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } parameter)
            ThrowTerminatingError(WithoutEffect(parameter).ToErrorRecord());
    }

    private void WriteMerged()
    {
        if (_merged.Count == 0)
            throw DataNeeded();
        var path = _merged[0].Path ?? throw NoFileToWrite();
        var destination = new UpdateDestination(this, Destination, hasSeveralModels: false).For(path);
        if (!ShouldProcess(destination, $"Write the statistics of {_merged.Count} BatchNorm layers"))
            return;
        using var model = BnModel.Open(path);
        WarnOfOtherNames(destination);
        var written = model.Save(new BnResult(_merged), Saving(destination), StopToken);
        TellOfResult(written.Layers.Count, $"'{written.Layers[0].Path}'");
        WriteObject(written.Layers, enumerateCollection: true);
    }

    private void TellOfResult(int layers, string place, string when = "") => WriteVerbose(
        $"The statistics of {layers} layers were written into {place}{when}{(Backup ? "; a backup keeps what was replaced" : "")}.");

    private MeasureOptions Options() => Fill(new MeasureOptions()) with
    {
        Estimators = Estimator.Distinct().ToArray(),
        PriorWeight = PriorWeight,
        Exact = Exact,
        RecordConvergence = RecordConvergence,
    };

    private SaveOptions Saving(string? destination) => destination is null ? new() : new() { Destination = destination, Force = Force, Backup = Backup };

    private static PreciseBnException WithoutEffect(string parameter) => new(
        "OptionWithoutEffect", ErrorKind.InvalidArgument, $"-{parameter} has no effect on statistics that are merged already.",
        "Give it to Measure-BnStat.", parameter);

    private static PreciseBnException DataNeeded() => new(
        "DataNeeded", ErrorKind.InvalidArgument, "There are neither data to measure on nor statistics that were merged.",
        "Give layers of Get-BnModule and -Data, or statistics of Merge-BnStat.");

    private static PreciseBnException NoFileToWrite() => new(
        "NoFileToWrite", ErrorKind.NotSupported,
        "The statistics were measured on a model in memory, so that there is no file to write them to.", "Write them to a file with Set-BnStat.");
}

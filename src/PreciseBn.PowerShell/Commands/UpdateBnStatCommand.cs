using System.Diagnostics;
using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Recomputes the statistics of BatchNorm layers from data, with the weights fixed.</summary>
[Cmdlet(VerbsData.Update, "BnStat", HelpUri = HelpPages.Folder + "Update-BnStat.md", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(BnStat))]
public sealed class UpdateBnStatCommand : ModelCmdlet
{
    private const string MergedSet = "Merged";

    private readonly List<BnStat> _merged = [];

    /// <summary>Statistics from Merge-BnStat, which are written into the model that they were measured on.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MergedSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject[] Merged { get; set; } = [];

    /// <summary>How the variance is estimated. Of several, each gives objects of its own, and the first is written.</summary>
    [Parameter(ParameterSetName = InputObjectSet)]
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    public Estimator[] Estimator { get; set; } = [PreciseBn.Estimator.PopulationVariance];

    /// <summary>How many values the statistics from before count as, in a mixture with the new ones.</summary>
    [Parameter(ParameterSetName = InputObjectSet)]
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateRange(0.0, double.MaxValue)]
    public double PriorWeight { get; set; }

    /// <summary>Measures each layer with those before it normalised by their final statistics; one pass over the data each, and one to check them.</summary>
    [Parameter(ParameterSetName = InputObjectSet)]
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    public SwitchParameter Exact { get; set; }

    /// <summary>Keeps how precise the statistics were after 1, 2, 4, 8 batches and so on, for Export-BnReport.</summary>
    [Parameter(ParameterSetName = InputObjectSet)]
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    public SwitchParameter RecordConvergence { get; set; }

    /// <summary>File, or folder for several models, to write to. Without it the models themselves are changed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Keeps what is replaced, with .bak, or the first free of .bak.1, .bak.2 and so on, appended to its name.</summary>
    [Parameter]
    public SwitchParameter Backup { get; set; }

    /// <summary>Replaces a file that is already at the destination; and changes a model where it is although the data look otherwise scaled than those of its training.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        // What stands before it in the pipeline measures, if it merges that.
        if (Data is null && Destination is not null && !Require(() => Directory.Exists(PathResolver.ResolveLiteral(this, Destination))))
            RequireDestination(Destination, Force);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        foreach (var item in Merged)
            ForEachItem(() => AddMerged(item));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Data is null)
        {
            RefuseWithoutEffect();
            ForEachItem(WriteMerged);
            return;
        }
        if (_merged.Count > 0)
            ThrowTerminatingError(ModelsAndMerged().ToErrorRecord());
        var models = Models();
        var destinations = Require(() => new UpdateDestination(this, Destination, models.Count > 1).RequireFree(models, Force || IsWhatIf));
        using var progress = new ModelsProgress(this, "BatchNorm statistics", models.Count);
        foreach (var model in models)
        {
            progress.Begin(model.Path ?? InMemory);
            ForEachItem(() => UpdateModel(model, destinations));
        }
    }

    // What comes through a pipeline is bound here where no data are given: layers then want to be measured on some.
    private void AddMerged(PSObject item)
    {
        if (ReceivedObjects.Restore(item) is BnStat stat)
        {
            _merged.Add(stat);
            return;
        }
        Data ??= Require(() => DataPrompt.Ask(this));
        Add(item);
    }

    private void UpdateModel(BnModel model, UpdateDestination destinations)
    {
        using var opened = model;
        var name = NameOf(model);
        var destination = model.Path is { } path ? destinations.For(path) : null;
        var layers = model.Layers.Count;
        if (!ShouldProcess(destination ?? name, $"Recompute the statistics of {layers} BatchNorm layers"))
            return;
        foreach (var call in model.UnaccountedCalls)
            WriteWarning($"{name}: {call}");
        if ((destination ?? model.Path) is { } file)
            WarnOfOtherNames(file);
        var clock = Stopwatch.StartNew();
        using var progress = new UpdateProgress(this, $"BatchNorm statistics of {ShortNameOf(model)}");
        var result = model.Update(Batches, Options(), Saving(destination), progress, StopToken);
        TellOfMeasurement(result, Batches, name);
        TellOfResult(layers, destination is null ? name : $"'{destination}'", $" after {clock.Elapsed.TotalSeconds:0.0} s");
        WarnOfOmissions(result, Batches, name);
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
        {
            WriteWarning("No statistics came through the pipeline, so that nothing was written.");
            return;
        }
        var path = _merged[0].Path ?? throw NoFileToWrite();
        var destination = new UpdateDestination(this, Destination, hasSeveralModels: false).For(path);
        if (!ShouldProcess(destination, $"Write the statistics of {_merged.Count} BatchNorm layers"))
            return;
        using var model = BnModel.Open(path);
        WarnOfOtherNames(destination);
        WarnOfOtherScale(new BnResult(_merged), NameOf(model));
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

    private SaveOptions Saving(string? destination) => destination is null ? new() { Force = Force } : new() { Destination = destination, Force = Force, Backup = Backup };

    private static PreciseBnException WithoutEffect(string parameter) => new(
        "OptionWithoutEffect", ErrorKind.InvalidArgument, $"-{parameter} has no effect on statistics that are merged already.",
        "Give it to Measure-BnStat.", parameter);

    private static PreciseBnException ModelsAndMerged() => new(
        "ModelsAndMerged", ErrorKind.InvalidArgument, "There are both models to measure and statistics that were merged.",
        "Give these to calls of their own.");

    private static PreciseBnException NoFileToWrite() => new(
        "NoFileToWrite", ErrorKind.NotSupported,
        "The statistics were measured on a model in memory, so that there is no file to write them to.", "Write them to a file with Set-BnStat.");
}

using System.Diagnostics;
using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Recomputes the statistics of BatchNorm layers from data, with the weights fixed.</summary>
[Cmdlet(VerbsData.Update, "BnStat", HelpUri = HelpPages.Folder + "Update-BnStat.md", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(BnStat))]
public sealed class UpdateBnStatCommand : RecalibrationCmdlet
{
    private const string MergedSet = "Merged";

    private readonly MergedStatistics _merged = new();

    /// <summary>Statistics from Merge-BnStat, which are written into the model that they were measured on.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MergedSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject[] Merged { get; set; } = [];

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
            // What was measured elsewhere is only written.
            RefuseWithoutEffect("on statistics that are merged already", "Give it to Measure-BnStat.", [.. ParametersOfMeasuring, nameof(Program)]);
            ForEachItem(WriteMerged);
            return;
        }
        Require(_merged.RequireNone);
        var models = Models();
        var destinations = DestinationsOf(models);
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
        if (_merged.TryAdd(item))
            return;
        Data ??= Require(() => DataPrompt.Ask(this));
        Add(item);
    }

    private void UpdateModel(BnModel model, UpdateDestination destinations)
    {
        using var opened = model;
        var name = NameOf(model);
        var destination = model.Path is { } path ? destinations.For(path) : Destination;
        var layers = model.Layers.Count;
        RequireEnding(destination, model);
        WarnOfSharedStatistics(model);
        if (!ShouldProcess(destination ?? name, $"Recompute the statistics of {layers} BatchNorm layers"))
            return;
        WarnOfUnaccountedCalls(model);
        if ((destination ?? model.Path) is { } file)
            WarnOfOtherNames(file);
        var clock = Stopwatch.StartNew();
        using var progress = new UpdateProgress(this, $"BatchNorm statistics of {ShortNameOf(model)}");
        var result = model.Update(Batches, Options(), Saving(destination), progress, StopToken);
        TellOfMeasurement(result, Batches, name);
        TellOfResult(layers, destination is null ? name : $"'{destination}'", $" after {clock.Elapsed.TotalSeconds:0.0} s");
        WarnOfOmissions(result, Batches, name);
        WriteObject(result.Statistics.Select(stat => stat with { Command = Command }), enumerateCollection: true);
    }

    private void WriteMerged()
    {
        if (_merged.Count == 0)
        {
            WriteWarning("No statistics came through the pipeline, so that nothing was written.");
            return;
        }
        var destination = DestinationOf(_merged.Path);
        using var model = BnModel.Open(_merged.Path, _merged.Program);
        RequireEnding(destination, model);
        WarnOfSharedStatistics(model);
        if (!ShouldProcess(destination, $"Write the statistics of {_merged.Count} BatchNorm layers"))
            return;
        WarnOfOtherNames(destination);
        WarnOfOtherScale(_merged.Result, NameOf(model));
        var written = model.Save(_merged.Result, Saving(destination), StopToken);
        TellOfResult(written.Layers.Count, $"'{written.Layers[0].Path}'");
        WriteObject(written.Layers, enumerateCollection: true);
    }
}

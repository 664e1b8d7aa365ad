using System.Diagnostics;
using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Recomputes the statistics of BatchNorm layers from data, with the weights fixed.</summary>
[Cmdlet(VerbsData.Update, "BnStat", HelpUri = HelpPages.Folder + "Update-BnStat.md", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(BnStat))]
public sealed class UpdateBnStatCommand : RecalibrationCmdlet
{
    private readonly MergedStatistics _merged = new();

    /// <summary>
    /// A loader from New-BnDataLoader, a path, or anything that yields tensors, arrays, tuples or dictionaries of them. Statistics from
    /// Merge-BnStat, which are only written, need none; for models it is asked for.
    /// </summary>
    [Parameter(Position = 0, ParameterSetName = InputObjectSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = LiteralPathSet)]
    [ValidateNotNull]
    public override object Data { get; set; } = null!;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Data is null && _merged.Count > 0)
        {
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

    private protected override void Add(object item)
    {
        if (!MyInvocation.BoundParameters.ContainsKey(nameof(Data)) && _merged.TryAdd(item))
        {
            // What was measured elsewhere is only written.
            RefuseWithoutEffect("on statistics that are merged already", "Leave it out: how to measure is said to Measure-BnStat, and -PriorWeight to Merge-BnStat.", ParametersOfMeasuring);
            return;
        }
        base.Add(item);
        if (HasLayers)
            Data ??= Require(() => DataPrompt.Ask(this));
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
        using var progress = new UpdateProgress(this, $"BatchNorm statistics of {ShortNameOf(model)}",
            ActivationMemory is null ? null : $"-ActivationMemory has no effect on {name}, which is run in passes and keeps nothing between its layers.");
        var result = model.Update(Batches, Options(), Saving(destination), progress, StopToken);
        TellOfMeasurement(result, Batches, name);
        TellOfResult(layers, destination is null ? name : $"'{destination}'", $" after {clock.Elapsed.TotalSeconds:0.0} s");
        WarnOfOmissions(result, Batches, name);
        WriteObject(result.Statistics.Select(stat => stat with { Command = Command }), enumerateCollection: true);
    }

    private void WriteMerged()
    {
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

using System.Management.Automation;
using PreciseBn.Batches;
using PreciseBn.PowerShell.Completion;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>
/// Measures BatchNorm layers on data, or on a shard of them, and changes nothing. What it returns merges with that of other
/// processes by Merge-BnStat. With a shard, -Iterations counts batches of the shard.
/// </summary>
[Cmdlet(VerbsDiagnostic.Measure, "BnStat", HelpUri = HelpPages.Folder + "Measure-BnStat.md", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(PartialBnStat))]
public sealed class MeasureBnStatCommand : ModelCmdlet
{
    /// <summary>
    /// Measures one of several disjoint shards of the data, such as 3/16, the third of sixteen. A loader deals out its items;
    /// of other data every n-th batch is taken.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ShardCompleter))]
    public string Shard { get; set; } = "1/1";

    /// <summary>What the data are called. Loaders tell theirs by themselves; others need a name if there are several.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DataName { get; set; }

    /// <summary>How the variance is to be estimated in the end.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public Estimator[] Estimator { get; set; } = [PreciseBn.Estimator.PopulationVariance];

    /// <summary>
    /// Saves the work to this file as it goes, and goes on from it if it is there. In the end it holds the result, for
    /// Merge-BnStat.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Checkpoint { get; set; }

    /// <summary>After how many batches the work is saved each time.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Every { get; set; } = 20;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var models = Models();
        var checkpoint = Require(() => Checkpoint is null || models.Count <= 1 ? Resolve(Checkpoint) : throw OneCheckpoint());
        var options = Options(Require(() => DataShard.Parse(Shard)), checkpoint);
        using var progress = new ModelsProgress(this, "BatchNorm layers", models.Count);
        foreach (var model in models)
        {
            progress.Begin(model.Path ?? InMemory);
            ForEachItem(() => Measure(model, options));
        }
    }

    private void Measure(BnModel model, ShardOptions options)
    {
        using var opened = model;
        var name = NameOf(model);
        if (!ShouldProcess(options.Checkpoint ?? name, $"Measure {model.Layers.Count} BatchNorm layers on shard {Shard}"))
            return;
        using var progress = new UpdateProgress(this, $"BatchNorm layers of {ShortNameOf(model)}, shard {Shard}");
        var partials = model.MeasureShard(Batches, options, progress, StopToken);
        WriteVerbose($"Measured {partials.Count} layers of {name} on {partials[0].TotalBatches} batches of shard {partials[0].Shards[0]}, stopped by {partials[0].StoppedBy}.");
        WarnOfItemsLeftOut(partials[0].ItemsLeftOut, name);
        WriteObject(partials, enumerateCollection: true);
    }

    private ShardOptions Options(DataShard shard, string? checkpoint) => Fill(new ShardOptions()) with
    {
        Estimators = Estimator.Distinct().ToArray(),
        Shard = shard,
        DataName = DataName,
        Checkpoint = checkpoint,
        Every = Every,
    };

    private string? Resolve(string? path) => path is null ? null : PathResolver.ResolveLiteral(this, path);

    private PreciseBnException OneCheckpoint() => new(
        "OneCheckpoint", ErrorKind.InvalidArgument,
        $"Several models cannot all be saved to '{Checkpoint}'.", "Measure one model at a time.", Checkpoint);
}

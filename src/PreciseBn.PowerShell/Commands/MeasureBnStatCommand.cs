using System.Management.Automation;
using PreciseBn.Batches;
using PreciseBn.PowerShell.Completion;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>
/// Measures BatchNorm layers on data, or on a shard of them, and changes nothing. What it returns merges with that of other
/// processes by Merge-BnStat. -Iterations counts batches of all shards together.
/// </summary>
[Cmdlet(VerbsDiagnostic.Measure, "BnStat", HelpUri = HelpPages.Folder + "Measure-BnStat.md", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(PartialBnStat))]
public sealed class MeasureBnStatCommand : ModelCmdlet
{
    private const string NumberOfShard = "*";

    /// <summary>
    /// Measures one of several disjoint shards of the data, such as 3/16, the third of sixteen, or several, one after the other, such
    /// as 3..8/16. A loader deals out its items; of other data every n-th batch is taken.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ShardCompleter))]
    public string[] Shard { get; set; } = ["1/1"];

    /// <summary>What the data are called. Loaders tell theirs by themselves; others need a name if there are several.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DataName { get; set; }

    /// <summary>
    /// The file that holds the result in the end, for Merge-BnStat. Meanwhile the work is saved beside it, and the same command goes on
    /// from there. A * stands for the number of the shard.
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
        if (Checkpoint is null)
            RefuseWithoutEffect("on a measurement without -Checkpoint", "Leave it out.", nameof(Every));
        var models = Models();
        var shards = Require(() => Shard.SelectMany(DataShard.ParseRange).Distinct().ToArray());
        var options = Require(() => shards.Select(shard => Options(shard, CheckpointOf(shard, shards.Length, models.Count))).ToArray());
        using var progress = new ModelsProgress(this, "BatchNorm layers", models.Count);
        foreach (var model in models)
        {
            progress.Begin(model.Path ?? InMemory);
            using var opened = model;
            ForEachItem(() => WarnOfUnaccountedCalls(model));
            foreach (var shard in options)
                ForEachItem(() => Measure(model, shard));
        }
    }

    private void Measure(BnModel model, ShardOptions options)
    {
        var name = NameOf(model);
        if (!ShouldProcess(options.Checkpoint ?? name, $"Measure {model.Layers.Count} BatchNorm layers on shard {options.Shard}"))
            return;
        using var progress = new UpdateProgress(this, $"BatchNorm layers of {ShortNameOf(model)}, shard {options.Shard}");
        var partials = Measure(model, options, progress);
        WriteVerbose($"Measured {partials.Count} layers of {name} on {partials[0].TotalBatches} batches of shard {partials[0].Shards[0]}, of at most {Iterations ?? RunOptions.DefaultIterations} of all shards, stopped by {partials[0].StoppedBy}.");
        WarnOfItemsLeftOut(partials[0].ItemsLeftOut, name);
        WriteObject(partials, enumerateCollection: true);
    }

    private IReadOnlyList<PartialBnStat> Measure(BnModel model, ShardOptions options, UpdateProgress progress)
    {
        if (options.Checkpoint is null)
            return model.MeasureShard(Batches, options, progress, StopToken);
        using var signal = new TerminationSignal(StopToken);
        try
        {
            return model.MeasureShard(Batches, options, progress, signal.Token);
        }
        catch (OperationCanceledException) when (!StopToken.IsCancellationRequested)
        {
            return Require<IReadOnlyList<PartialBnStat>>(() => throw TerminationSignal.Interrupted(options));
        }
    }

    private ShardOptions Options(DataShard shard, string? checkpoint) => Fill(new ShardOptions()) with
    {
        Estimators = Estimator.Distinct().ToArray(),
        Shard = shard,
        DataName = DataName,
        Checkpoint = checkpoint,
        Every = Every,
    };

    private string? CheckpointOf(DataShard shard, int shards, int models)
    {
        if (Checkpoint is null)
            return null;
        if (models > 1)
            throw OneCheckpoint("models", "Measure one model at a time.");
        if (shards > 1 && !Checkpoint.Contains(NumberOfShard))
            throw OneCheckpoint("shards", "Put a * where their numbers are to stand, as in part-*.safetensors.");
        var path = PathResolver.ResolveOutput(this, Checkpoint.Replace(NumberOfShard, $"{shard.Index}", StringComparison.Ordinal));
        BnDestination.RequireEndingOfStatistics(path);
        return path;
    }

    private PreciseBnException OneCheckpoint(string several, string advice) => new(
        "OneCheckpoint", ErrorKind.InvalidArgument, $"Several {several} cannot all be saved to '{Checkpoint}'.", advice, Checkpoint);
}

using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>
/// Merges what Measure-BnStat measured on disjoint shards into the statistics that one run over all of them gives. It merges
/// everything or, after the first error, nothing.
/// </summary>
[Cmdlet(VerbsData.Merge, "BnStat", HelpUri = HelpPages.Folder + "Merge-BnStat.md", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BnStat), typeof(PartialBnStat))]
public sealed class MergeBnStatCommand : PreciseBnCmdlet
{
    /// <summary>Files that Measure-BnStat or Export-BnStat wrote; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files that Measure-BnStat or Export-BnStat wrote, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>
    /// What Measure-BnStat returned, here or in a job or remote session, or files from Get-ChildItem.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>How many values the statistics in the model count as, in a mixture with the new ones.</summary>
    [Parameter]
    [ValidateRange(0.0, double.MaxValue)]
    public double PriorWeight { get; set; }

    /// <summary>How many shards there are to be. All that are missing are named then, if there is no file at all, too.</summary>
    [Parameter, ValidateRange(1, int.MaxValue)]
    public int? ShardCount { get; set; }

    /// <summary>Goes on where shards are missing, with a warning.</summary>
    [Parameter]
    public SwitchParameter AllowMissing { get; set; }

    /// <summary>
    /// The most seconds to wait for shards that are missing: files that other machines have written may be seen here some time later.
    /// </summary>
    [Parameter(ParameterSetName = PathSet), Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateRange(0, int.MaxValue)]
    public int Wait { get; set; }

    /// <summary>Returns partial statistics again, which merge with others later; shards may be missing.</summary>
    [Parameter]
    public SwitchParameter AsPartial { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (AsPartial)
            RefuseWithoutEffect("with -AsPartial, which leaves it to a later merge", "Give it there.", nameof(PriorWeight), nameof(AllowMissing));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var waitedFor = RequireUnlessStopped(() => Wait > 0 ? Merger.AwaitFiles(FilesInSight, TimeSpan.FromSeconds(Wait), StopToken) : []);
        // Where it is known what is missing, that is said rather than that a path leads nowhere.
        AddFiles(Path.SelectMany(path => Require(() => ShardCount is null ? PathResolver.Resolve(this, path) : PathResolver.Find(this, path)))
            .Concat(LiteralPath.Select(path => Require(() => PathResolver.ResolveLiteral(this, path))))
            .Where(path => !waitedFor.Contains(path)).ToArray());
        foreach (var item in InputObject)
            Add(item);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (AsPartial)
        {
            WriteObject(Require(Merger.ToPartials), enumerateCollection: true);
            return;
        }
        var result = Require(() => Merger.Estimate(PriorWeight, AllowMissing));
        WriteVerbose($"Merged {result.Layers.Count} layers from {result.Batches} batches of all shards, stopped by {result.StoppedBy}.");
        if (Merger.MissingShards is { } missing)
            WriteWarning($"There are no partial statistics of {missing}; the others were merged.");
        foreach (var name in result.Unreached)
            WriteWarning($"No batch reached the layer '{name}'; its statistics are what they were.");
        WriteObject(result.Statistics.Select(stat => stat with { Command = Command }), enumerateCollection: true);
    }

    private BnMerger Merger => field ??= new(ShardCount);

    private string[] FilesInSight() =>
        Path.SelectMany(path => PathResolver.Find(this, path)).Concat(LiteralPath.Select(path => PathResolver.ResolveLiteral(this, path)).Where(File.Exists)).ToArray();

    private void Add(PSObject item)
    {
        var path = item.BaseObject is FileInfo file ? file.FullName : item.BaseObject as string;
        if (path is not null)
            AddFiles([Require(() => PathResolver.ResolveLiteral(this, path))]);
        else
            RequireUnlessStopped(() => Merger.Add(StatisticsSources.Partial(item)));
    }

    private void AddFiles(IReadOnlyList<string> files)
    {
        RequireUnlessStopped(() => Merger.AddFiles(files, StopToken));
        foreach (var file in files)
            WriteVerbose($"Added the partial statistics in '{file}'.");
    }
}

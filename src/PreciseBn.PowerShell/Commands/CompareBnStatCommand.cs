using System.Management.Automation;
using PreciseBn.PowerShell.Completion;

namespace PreciseBn.PowerShell;

/// <summary>Tells how far the statistics of BatchNorm layers are from those of a reference.</summary>
[Cmdlet(VerbsData.Compare, "BnStat", HelpUri = HelpPages.Folder + "Compare-BnStat.md")]
[OutputType(typeof(BnComparison))]
public sealed class CompareBnStatCommand : PreciseBnCmdlet
{
    private readonly List<ILayerStatistics> _difference = [];
    private bool _hasFiles;

    /// <summary>The statistics to compare with: a path, or objects of Get-BnModule or Update-BnStat.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("ReferenceObject")]
    [ValidateNotNullOrEmpty]
    public object[] Reference { get; set; } = [];

    /// <summary>The statistics that are compared: a path, or objects of Get-BnModule or Update-BnStat.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [Alias("DifferenceObject")]
    [ValidateNotNullOrEmpty]
    public object[] Difference { get; set; } = [];

    /// <summary>Names of layers, as the reference has them; wildcards are allowed. By default all are compared.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(LayerNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Which program of the files is meant, where torch.export has put several into them; layers say it themselves.</summary>
    [Parameter, ValidateNotNullOrEmpty, ArgumentCompleter(typeof(ProgramCompleter))]
    public string? Program { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _hasFiles |= !Require(() => StatisticsSources.AreRead([.. Reference, .. Difference]));
        _difference.AddRange(Require(() => StatisticsSources.Read(this, Difference, Program)));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!_hasFiles)
            RefuseProgram();
        var reference = Require(() => StatisticsSources.Read(this, Reference, Program));
        var pairs = new LayerSelection(Name).Choose(this, BnComparer.Match(reference, _difference));
        WriteVerbose($"Layers on both sides: {pairs.Count(pair => pair is { Reference: not null, Difference: not null })}; "
            + $"in the reference alone: {pairs.Count(pair => pair.Difference is null)}; "
            + $"in what is compared alone: {pairs.Count(pair => pair.Reference is null)}.");
        foreach (var pair in pairs)
            ForEachItem(() => WriteObject(BnComparer.Compare(pair) with { Command = Command }));
    }
}

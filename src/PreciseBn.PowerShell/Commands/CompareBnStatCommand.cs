using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Tells how far the statistics of BatchNorm layers are from those of a reference.</summary>
[Cmdlet(VerbsData.Compare, "BnStat", HelpUri = HelpPages.Folder + "Compare-BnStat.md")]
[OutputType(typeof(BnComparison))]
public sealed class CompareBnStatCommand : PreciseBnCmdlet
{
    private readonly List<ILayerStatistics> _difference = [];

    /// <summary>The statistics to compare with: a path, or objects of Get-BnModule or Update-BnStat.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public object[] Reference { get; set; } = [];

    /// <summary>The statistics that are compared: a path, or objects of Get-BnModule or Update-BnStat.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public object[] Difference { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => _difference.AddRange(Require(() => StatisticsSources.Read(this, Difference)));

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var reference = Require(() => StatisticsSources.Read(this, Reference));
        var pairs = BnComparer.Match(reference, _difference).ToArray();
        WriteVerbose($"Layers on both sides: {pairs.Count(pair => pair is { Reference: not null, Difference: not null })}; "
            + $"in the reference alone: {pairs.Count(pair => pair.Difference is null)}; "
            + $"in what is compared alone: {pairs.Count(pair => pair.Reference is null)}.");
        foreach (var pair in pairs)
            ForEachItem(() => WriteObject(BnComparer.Compare(pair)));
    }
}

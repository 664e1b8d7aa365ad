using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Tells how far the statistics of BatchNorm layers are from those of a reference.</summary>
[Cmdlet(VerbsData.Compare, "BnStat")]
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
        foreach (var pair in BnComparer.Match(reference, _difference))
            ForEachItem(() => WriteObject(BnComparer.Compare(pair)));
    }
}

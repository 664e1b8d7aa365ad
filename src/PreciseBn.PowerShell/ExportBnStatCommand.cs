using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Writes statistics alone to a safetensors file.</summary>
[Cmdlet(VerbsData.Export, "BnStat", SupportsShouldProcess = true)]
public sealed class ExportBnStatCommand : PreciseBnCmdlet
{
    private readonly List<ILayerStatistics> _statistics = [];

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Statistics from Update-BnStat or Get-BnModule, all of one model.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public ILayerStatistics[] InputObject { get; set; } = [];

    /// <summary>Replaces a file that is already there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _statistics.AddRange(InputObject);

    /// <inheritdoc/>
    protected override void EndProcessing() => ForEachItem(() =>
    {
        var path = PathResolver.ResolveLiteral(this, Path);
        if (ShouldProcess(path, $"Export the statistics of {_statistics.Count} BatchNorm layers"))
            BnStatFile.Write(path, _statistics, Force);
    });
}

using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Writes statistics alone to a safetensors file.</summary>
[Cmdlet(VerbsData.Export, "BnStat", HelpUri = HelpPages.Folder + "Export-BnStat.md", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
public sealed class ExportBnStatCommand : PreciseBnCmdlet
{
    private const string InputObjectSet = "InputObject";
    private const string PartialSet = "Partial";

    private readonly List<ILayerStatistics> _statistics = [];
    private readonly List<PartialBnStat> _partials = [];

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Statistics from Update-BnStat, Merge-BnStat or Get-BnModule, all of one model.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public ILayerStatistics[] InputObject { get; set; } = [];

    /// <summary>Partial statistics from Measure-BnStat, all of one shard, or from Merge-BnStat.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PartialSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PartialBnStat[] Partial { get; set; } = [];

    /// <summary>Replaces a file that is already there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => RequireDestination(Path, Force);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _statistics.AddRange(InputObject);
        _partials.AddRange(Partial);
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => ForEachItem(() =>
    {
        var path = PathResolver.ResolveLiteral(this, Path);
        var layers = _statistics.Count + _partials.Count;
        if (WasGivenNothing(layers, path))
            return;
        if (!ShouldProcess(path, $"Export the statistics of {layers} BatchNorm layers"))
            return;
        if (_partials.Count > 0)
            BnPartialFile.Write(path, _partials, Force);
        else
            BnStatFile.Write(path, _statistics, Force);
        WriteVerbose($"The statistics of {layers} layers were written into '{path}'.");
    });
}

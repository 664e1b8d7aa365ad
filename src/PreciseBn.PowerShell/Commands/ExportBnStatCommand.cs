using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Writes statistics alone to a safetensors file.</summary>
[Cmdlet(VerbsData.Export, "BnStat", HelpUri = HelpPages.Folder + "Export-BnStat.md", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportBnStatCommand : ExportCmdlet
{
    private readonly List<ILayerStatistics> _statistics = [];
    private readonly List<PartialBnStat> _partials = [];

    /// <summary>
    /// Statistics from Update-BnStat, Merge-BnStat or Get-BnModule, all of one model; or partial statistics from Measure-BnStat, all of
    /// one shard, or from Merge-BnStat.
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public PSObject[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        Require(() => BnDestination.RequireEndingOfStatistics(Path));
        RequireDestination(Path, Force);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var item in InputObject)
        {
            if (Require(() => ReceivedObjects.Restore(item)) is PartialBnStat partial)
                _partials.Add(partial);
            else
                _statistics.Add(Require(() => StatisticsSources.Layer(item)));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => ForEachItem(() =>
    {
        var path = PathResolver.ResolveLiteral(this, Path);
        var layers = _statistics.Count + _partials.Count;
        if (WasGivenNothing(layers, path))
            return;
        if (_partials.Count > 0 && _statistics.Count > 0)
            throw MixedStatistics();
        if (!ShouldProcess(path, $"Export the statistics of {layers} BatchNorm layers"))
            return;
        if (_partials.Count > 0)
            BnPartialFile.Write(path, _partials, Force);
        else
            BnStatFile.Write(path, _statistics, Force);
        TellOfFile(path, $"The statistics of {layers} layers were written");
    });

    private static PreciseBnException MixedStatistics() => new(
        "MixedStatistics", ErrorKind.InvalidArgument, "Statistics and partial statistics cannot be in one file.", "Export them to files of their own.");
}

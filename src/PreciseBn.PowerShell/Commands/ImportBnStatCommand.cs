using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Reads statistics that Export-BnStat wrote, partial ones too.</summary>
[Cmdlet(VerbsData.Import, "BnStat", HelpUri = HelpPages.Folder + "Import-BnStat.md", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BnStat), typeof(BnModule), typeof(PartialBnStat))]
public sealed class ImportBnStatCommand : PreciseBnCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Files that Export-BnStat wrote; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files that Export-BnStat wrote, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachFile(Path, LiteralPath, file =>
    {
        IReadOnlyList<object> layers = BnPartialFile.IsPartial(file) ? BnPartialFile.Read(file) : BnStatFile.Read(file);
        WriteVerbose($"'{file}' has statistics of {layers.Count} layers.");
        WriteObject(layers, enumerateCollection: true);
    });
}

using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Reads statistics that Export-BnStat wrote, partial ones too.</summary>
[Cmdlet(VerbsData.Import, "BnStat", HelpUri = HelpPages.Folder + "Import-BnStat.md", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BnStat), typeof(BnModule), typeof(PartialBnStat))]
public sealed class ImportBnStatCommand : PathCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachFile(Path, LiteralPath, file =>
    {
        IReadOnlyList<object> layers = BnPartialFile.IsPartial(file) ? BnPartialFile.Read(file) : BnStatFile.Read(file);
        WriteVerbose($"'{file}' has statistics of {layers.Count} layers.");
        WriteObject(layers, enumerateCollection: true);
    });
}

using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>Reads what a user may give where statistics are wanted: objects that have them, and paths of files.</summary>
internal static class StatisticsSources
{
    /// <exception cref="PreciseBnException">A file cannot be read.</exception>
    public static List<ILayerStatistics> Read(PSCmdlet cmdlet, IEnumerable<object> sources) => sources.SelectMany(source => source switch
    {
        PSObject { BaseObject: ILayerStatistics layer } => [layer],
        ILayerStatistics layer => [layer],
        _ => ReadFile(cmdlet, LanguagePrimitives.ConvertTo<string>(source)),
    }).ToList();

    private static IReadOnlyList<ILayerStatistics> ReadFile(PSCmdlet cmdlet, string path)
    {
        var summary = BnReader.ReadFile(PathResolver.ResolveLiteral(cmdlet, path));
        if (summary.Layers.Count == 0)
            cmdlet.WriteWarning($"'{summary.Path}' has no BatchNorm layer with tracked statistics; it {summary.Contents}.");
        return summary.Layers;
    }
}

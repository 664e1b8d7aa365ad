using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Reads what a user may give where statistics are wanted: objects that have them, and paths of files.</summary>
internal static class StatisticsSources
{
    /// <exception cref="PreciseBnException">A file cannot be read, or something is neither statistics nor a path.</exception>
    public static List<ILayerStatistics> Read(PSCmdlet cmdlet, IEnumerable<object> sources) => sources.Select(PSObject.AsPSObject).SelectMany(source => source.BaseObject switch
    {
        ILayerStatistics layer => [layer],
        string or FileInfo or PathInfo => ReadFile(cmdlet, LanguagePrimitives.ConvertTo<string>(source)),
        _ => throw NotStatistics(source),
    }).ToList();

    private static IReadOnlyList<ILayerStatistics> ReadFile(PSCmdlet cmdlet, string path)
    {
        var summary = BnReader.ReadFile(PathResolver.ResolveLiteral(cmdlet, path));
        if (summary.Layers.Count == 0)
            cmdlet.WriteWarning($"'{summary.Path}' has no BatchNorm layer with tracked statistics; it {summary.Contents}.");
        return summary.Layers;
    }

    private static PreciseBnException NotStatistics(PSObject item) => new(
        "NotStatistics", ErrorKind.InvalidArgument, $"An object of type {item.TypeNames[0]} is neither statistics nor the path of a file.",
        "Give a path, or objects of Get-BnModule, Update-BnStat, Merge-BnStat or Import-BnStat. Test-BnStat takes data with -Data.", item);
}

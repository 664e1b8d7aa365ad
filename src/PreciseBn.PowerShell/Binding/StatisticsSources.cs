using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Reads what a user may give where statistics are wanted: objects that have them, and paths of files.</summary>
internal static class StatisticsSources
{
    /// <param name="cmdlet">The cmdlet that they were given to.</param>
    /// <param name="sources">What was given.</param>
    /// <param name="program">Which program is meant in files.</param>
    /// <exception cref="PreciseBnException">A file cannot be read, or something is neither statistics nor a path.</exception>
    public static List<ILayerStatistics> Read(PSCmdlet cmdlet, IEnumerable<object> sources, string? program) => sources.SelectMany(IEnumerable<ILayerStatistics> (source) => ReceivedObjects.Restore(source) switch
    {
        ILayerStatistics layer => [layer],
        string or FileInfo or PathInfo => ReadModel(cmdlet, PathResolver.ResolveLiteral(cmdlet, LanguagePrimitives.ConvertTo<string>(source)), program),
        _ => throw NotStatistics(PSObject.AsPSObject(source)),
    }).ToList();

    /// <summary>Whether all of these are layers and statistics, none of which has to be read from a file.</summary>
    public static bool AreRead(IEnumerable<object> sources) => sources.All(source => ReceivedObjects.Restore(source) is ILayerStatistics);

    /// <summary>Statistics, here or as they were received.</summary>
    /// <exception cref="PreciseBnException">It is something else.</exception>
    public static ILayerStatistics Layer(PSObject item) => ReceivedObjects.Restore(item) as ILayerStatistics ?? throw NotStatistics(item);

    /// <summary>The layers of a file; that there are none is told.</summary>
    /// <exception cref="PreciseBnException">It cannot be read.</exception>
    public static IReadOnlyList<BnModule> ReadModel(PSCmdlet cmdlet, string path, string? program)
    {
        using var model = BnModel.Open(path, program);
        if (model.Layers.Count == 0)
            cmdlet.WriteWarning($"'{model.Path}' has no BatchNorm layer with tracked statistics; it {model.Contents}.");
        return model.Layers;
    }

    /// <summary>The layers of a file.</summary>
    /// <exception cref="PreciseBnException">It cannot be read.</exception>
    public static IReadOnlyList<BnModule> ReadModel(string path, string? program = null)
    {
        using var model = BnModel.Open(path, program);
        return model.Layers;
    }

    /// <summary>Opens the model that statistics are of, with these layers alone.</summary>
    /// <exception cref="PreciseBnException">They are of several or of none that is known, or it cannot be read or has no such layer.</exception>
    public static BnModel FindModel(IReadOnlyList<ILayerStatistics> statistics) =>
        BnModel.Of(FindLayers(statistics)) is var models && models is [var model] ? model : throw NotOneModel(models.Count);

    /// <summary>Partial statistics, here or as they were received.</summary>
    /// <exception cref="PreciseBnException">It is something else.</exception>
    public static PartialBnStat Partial(PSObject item) => ReceivedObjects.Restore(item) as PartialBnStat ?? throw NotAPartial(item);

    // In the file that they name, or as they are in memory.
    private static IReadOnlyList<BnModule> FindLayers(IReadOnlyList<ILayerStatistics> statistics)
    {
        var read = statistics.OfType<BnStat>().Where(stat => stat.Path is not null).Select(stat => (Path: stat.Path!, stat.Program)).Distinct()
            .ToDictionary(model => model, model => ReadModel(model.Path, model.Program));
        return statistics.Select(layer => layer switch
        {
            BnModule module => module,
            BnStat { Path: { } path } stat => read[(path, stat.Program)].FirstOrDefault(module => module.Name == layer.Name) ?? throw LayerNotFound(path, layer.Name),
            _ => throw NoModel(layer.Name),
        }).ToArray();
    }

    private static PreciseBnException LayerNotFound(string path, string layer) => new(
        "LayerNotFound", ErrorKind.NotFound, $"'{path}' has no BatchNorm layer '{layer}' any more.", "Read the layers again with Get-BnModule.", layer);

    private static PreciseBnException NotOneModel(int count) => new(
        "NotOneModel", ErrorKind.InvalidArgument, $"The reference is of {count} models, and data are run through one.",
        "Give the layers of one model as -Reference.", count);

    private static PreciseBnException NotAPartial(PSObject item) => new(
        "NotAPartial", ErrorKind.InvalidData,
        $"An object of type {PowerShellData.TypeName(item)} is no partial statistic.", "Give what Measure-BnStat returned, or files that it wrote.", item);

    private static PreciseBnException NoModel(string layer) => new(
        "ModelUnknown", ErrorKind.InvalidArgument,
        $"The statistics of the layer '{layer}' do not say which model they are of.",
        "Give the path of the model, or layers from Get-BnModule.", layer);

    private static PreciseBnException NotStatistics(PSObject item) => new(
        "NotStatistics", ErrorKind.InvalidArgument, $"An object of type {PowerShellData.TypeName(item)} is neither statistics nor the path of a file.",
        "Give a path, or objects of Get-BnModule, Update-BnStat, Merge-BnStat or Import-BnStat. Test-BnStat takes data with -Data.", item);
}

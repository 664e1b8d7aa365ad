using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>The layers that a user has named; wildcards are allowed, and any of the names of a layer does.</summary>
internal sealed class LayerSelection(IReadOnlyList<string> names)
{
    private readonly NamePattern[] _patterns = names.Select(name => new NamePattern(name)).ToArray();

    public bool Have(ILayerStatistics layer) => _patterns.Any(pattern => IsOf(pattern, layer));

    /// <summary>The names that no layer has. Those with wildcards may well match none.</summary>
    public IEnumerable<string> Missing(IReadOnlyList<ILayerStatistics> layers) =>
        _patterns.Where(pattern => !pattern.HasWildcards && !layers.Any(layer => IsOf(pattern, layer))).Select(pattern => pattern.Text);

    /// <summary>Tells of names that no layer has, and of patterns if none at all is left.</summary>
    /// <param name="cmdlet">The cmdlet that has them.</param>
    /// <param name="layers">All layers.</param>
    /// <param name="where">What these are of.</param>
    public void TellOfMissing(PSCmdlet cmdlet, IReadOnlyList<ILayerStatistics> layers, string where)
    {
        foreach (var name in Missing(layers))
            cmdlet.WriteError(NoSuchLayer(name, where).ToErrorRecord());
        if (layers.Count > 0 && !layers.Any(Have) && _patterns.All(pattern => pattern.HasWildcards))
            cmdlet.WriteWarning($"None of the {layers.Count} BatchNorm layers of {where} matches -Name {string.Join(", ", names)}.");
    }

    /// <summary>The pairs of layers that are named, as the reference has them; names that none has are told of.</summary>
    public LayerPair[] Choose(PSCmdlet cmdlet, IEnumerable<LayerPair> pairs)
    {
        static ILayerStatistics Named(LayerPair pair) => pair.Reference ?? pair.Difference!;
        var all = pairs.ToArray();
        TellOfMissing(cmdlet, all.Select(Named).ToArray(), "what is compared");
        return all.Where(pair => Have(Named(pair))).ToArray();
    }

    private static bool IsOf(NamePattern pattern, ILayerStatistics layer) => layer.Aliases.Prepend(layer.Name).Any(pattern.IsMatch);

    private static PreciseBnException NoSuchLayer(string name, string where) => new(
        "LayerNotFound", ErrorKind.NotFound, $"There is no BatchNorm layer '{name}' in {where}.",
        "List the layers with Get-BnModule without -Name.", name);
}

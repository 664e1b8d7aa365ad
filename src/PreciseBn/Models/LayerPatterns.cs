using System.IO.Enumeration;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>Chooses some of the layers of a model.</summary>
internal static class LayerPatterns
{
    /// <summary>Names of the layers that patterns match, any of whose names may do so.</summary>
    /// <param name="model">What the model is called.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="patterns">Names, in which <c>*</c> stands for any letters and <c>?</c> for one.</param>
    /// <exception cref="PreciseBnException">A pattern matches no layer, or there is none.</exception>
    public static IReadOnlyCollection<string> Find(string model, IReadOnlyList<BnModule> layers, IEnumerable<string> patterns)
    {
        var selected = patterns.SelectMany(pattern => layers.Where(layer => Matches(layer, pattern)).ToArray() is { Length: > 0 } matches
            ? matches
            : throw ModelErrors.NoSuchLayer(model, pattern)).Select(layer => layer.Name).ToHashSet();
        return selected.Count > 0 ? selected : throw ModelErrors.NoSuchLayer(model, "");
    }

    private static bool Matches(BnModule layer, string pattern) =>
        layer.Aliases.Prepend(layer.Name).Any(name => FileSystemName.MatchesSimpleExpression(pattern, name));
}

using PreciseBn.Formats;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// The declarations of attributes as interfaces. Through an interface nothing can be reached but its methods, no statistics of what lies
/// behind it; the file says which class each is of.
/// </summary>
internal static class ScriptInterfaces
{
    /// <summary>What to write in their places, where all modules of a class have the same there.</summary>
    public static IReadOnlyList<ScriptEdit> FindClasses(ScriptCode code, IReadOnlyList<ScriptNode> nodes) => nodes
        .SelectMany(node => code.AttributesOf(node.QualifiedName).Select(attribute => (
            File: ScriptCode.FileOf(node.QualifiedName), Attribute: attribute, Class: ClassOf(node.Attributes[attribute.Name]))))
        .Where(item => item.Class is not null && item.Attribute.Type.StartsWith("__torch__.", StringComparison.Ordinal))
        .GroupBy(item => (item.File, item.Attribute), item => item.Class!)
        .Where(group => group.Distinct().ToArray() is [var only] && only != group.Key.Attribute.Type)
        .Select(group => new ScriptEdit(group.Key.File, group.Key.Attribute.Start, 1, group.Key.Attribute.Type.Length, group.First())).ToArray();

    private static string? ClassOf(object? value) => value is PickleInstance { Type: { } type, State: PickleDictionary } ? type.ToString() : null;
}

using System.Collections;
using System.Reflection;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// Modules that a live model holds and does not know: TorchSharp registers the modules that are in fields, and not those that are in arrays, lists
/// and dictionaries there.
/// </summary>
internal static class UnregisteredModules
{
    /// <returns>Each with where it is, such as <c>blocks[0]</c>, and the modules in it.</returns>
    public static IReadOnlyList<(string Name, nn.Module Module)> Find(nn.Module root)
    {
        var holders = root.named_modules().Select(item => (Name: item.name, Module: item.module)).Prepend((Name: "", Module: root)).ToArray();
        var known = holders.Select(holder => holder.Module).ToHashSet();
        var found = new List<(string, nn.Module)>();
        foreach (var (name, module) in holders.DistinctBy(holder => holder.Module).SelectMany(holder => HeldBy(holder.Name, holder.Module)).ToArray())
        {
            foreach (var part in module.named_modules().Select(item => (Name: $"{name}.{item.name}", Module: item.module)).Prepend((Name: name, Module: module)))
            {
                if (known.Add(part.Module))
                    found.Add(part);
            }
        }
        return found;
    }

    private static IEnumerable<(string Name, nn.Module Module)> HeldBy(string holder, nn.Module module)
    {
        var path = holder.Length == 0 ? "" : holder + ".";
        for (var type = module.GetType(); type is not null && type.Assembly != typeof(nn.Module).Assembly; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                foreach (var (index, held) in Held(field.GetValue(module)))
                    yield return ($"{path}{field.Name}{index}", held);
            }
        }
    }

    // Of a sequence that is no collection the items may be computed by code.
    private static IEnumerable<(string Index, nn.Module Module)> Held(object? value) => value switch
    {
        nn.Module module => [("", module)],
        IDictionary items => items.Keys.Cast<object>().Where(key => items[key] is nn.Module).Select(key => ($"[{key}]", (nn.Module)items[key]!)),
        IList items => items.Cast<object?>().Index().Where(item => item.Item is nn.Module).Select(item => ($"[{item.Index}]", (nn.Module)item.Item!)),
        _ => [],
    };
}

using System.Text.RegularExpressions;

namespace PreciseBn.Transfer;

/// <summary>What is the same in the names of a layer, whatever its model was wrapped in.</summary>
internal static class LayerNames
{
    // What torch.compile, FullyShardedDataParallel, activation checkpoints, and DistributedDataParallel, DataParallel or AveragedModel
    // put around a module, at the top of a model or within it.
    private static readonly HashSet<string> Wrappers = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "module"];

    /// <summary>A name without what wrappers have added to it; the end of it stays what it is.</summary>
    public static string Unwrap(string name)
    {
        if (!Wrappers.Any(wrapper => name.Contains(wrapper + '.', StringComparison.Ordinal)))
            return name;
        var parts = name.Split('.');
        return string.Join('.', parts.Where((part, index) => index == parts.Length - 1 || !Wrappers.Contains(part)));
    }

    /// <summary>The names by what is left of them without wrappers; those that would be the same then keep theirs.</summary>
    public static IReadOnlyDictionary<string, string> ByUnwrapped(IEnumerable<string> names)
    {
        var byUnwrapped = new Dictionary<string, string>();
        foreach (var same in names.GroupBy(Unwrap))
        {
            foreach (var name in same)
                byUnwrapped.TryAdd(same.Count() == 1 ? same.Key : name, name);
        }
        return byUnwrapped;
    }

    /// <summary>What a name becomes by a rule such as <c>encoder.*</c> to <c>backbone.*</c>: what stands for the wildcards is kept, in order.</summary>
    /// <param name="from">Which names the rule is for; <c>*</c> stands for any letters, <c>?</c> for one.</param>
    /// <param name="to">What they become.</param>
    /// <param name="name">The name.</param>
    /// <returns>The new name, or <c>null</c> where the rule is not for it.</returns>
    public static string? Rewrite(string from, string to, string name)
    {
        var match = Regex.Match(name, $"^{Regex.Escape(from).Replace(@"\*", "(.*)").Replace(@"\?", "(.)")}$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        if (!match.Success)
            return null;
        var taken = 1;
        return string.Concat(to.Select(letter => IsWildcard(letter) ? match.Groups[taken++].Value : letter.ToString()));
    }

    /// <summary>The wildcards of a name, in order.</summary>
    public static string Wildcards(string name) => string.Concat(name.Where(IsWildcard));

    private static bool IsWildcard(char letter) => letter is '*' or '?';
}

using System.Text.RegularExpressions;
using PreciseBn.Primitives;

namespace PreciseBn.Transfer;

/// <summary>Finds for each name the one in a model that it stands for.</summary>
/// <param name="path">The model, for messages.</param>
/// <param name="targets">Names of its layers.</param>
/// <param name="options">What is said of how names differ.</param>
internal sealed class NameMatching(string path, IReadOnlyCollection<string> targets, MatchOptions options)
{
    /// <summary>Matches by the names as they are; and if layers are left over so, by what they are without what wrappers add.</summary>
    /// <exception cref="PreciseBnException">The map cannot be followed.</exception>
    public Result Match(IReadOnlyCollection<string> sources)
    {
        var mapped = ApplyMap(sources);
        var rest = sources.Except(mapped.Keys).ToArray();
        var plain = Identify(rest, targets, options.Prefix);
        var targetsByKey = LayerNames.ByUnwrapped(targets);
        var sourcesByKey = LayerNames.ByUnwrapped(rest);
        if (plain.Found.Count < rest.Length || plain.Ambiguous.Length > 0)
        {
            var unwrapped = Identify([.. sourcesByKey.Keys], [.. targetsByKey.Keys], options.Prefix is { } prefix ? LayerNames.Unwrap(prefix) : null);
            if (unwrapped.Found.Count > plain.Found.Count || plain.Ambiguous.Length > unwrapped.Ambiguous.Length)
                plain = new(
                    unwrapped.Found.ToDictionary(pair => sourcesByKey[pair.Key], pair => targetsByKey[pair.Value]),
                    targetsByKey.Where(target => target.Key.StartsWith(unwrapped.Added, StringComparison.Ordinal)).Select(target => target.Value).ToArray(),
                    unwrapped.Ambiguous, unwrapped.Added);
        }
        foreach (var (source, target) in plain.Found)
            mapped.Add(source, target);
        return plain with { Found = mapped };
    }

    private Dictionary<string, string> ApplyMap(IReadOnlyCollection<string> sources)
    {
        var mapped = sources.Where(options.Map.ContainsKey).ToDictionary(name => name, name => options.Map[name]);
        if (mapped.FirstOrDefault(pair => !targets.Contains(pair.Value)) is { Key: not null } wrong)
            throw TransferErrors.MapTargetNotFound(path, wrong.Value);
        var used = mapped.Keys.ToHashSet();
        foreach (var (from, to) in options.Map.Where(rule => LayerNames.Wildcards(rule.Key).Length > 0))
        {
            if (LayerNames.Wildcards(from) != LayerNames.Wildcards(to))
                throw TransferErrors.WildcardsDiffer(from, to);
            foreach (var source in sources)
            {
                if (LayerNames.Rewrite(from, to, source) is not { } target)
                    continue;
                used.Add(from);
                if (options.Map.ContainsKey(source))
                    continue;
                if (!targets.Contains(target) && options.AllowPartial)
                    continue;
                if (!targets.Contains(target))
                    throw TransferErrors.MapTargetNotFound(path, target);
                if (!mapped.TryAdd(source, target) && mapped[source] != target)
                    throw TransferErrors.MappedTwice(source, mapped[source], target);
            }
        }
        // In a partial transfer a part of the map may be for layers that are not there; hardly all of it.
        if (options.Map.Keys.FirstOrDefault(from => !used.Contains(from)) is { } unused && (!options.AllowPartial || used.Count == 0))
            throw TransferErrors.MapSourceNotFound(unused);
        return mapped;
    }

    private Result Identify(string[] sources, IReadOnlyCollection<string> among, string? prefix)
    {
        var fits = prefix is not null ? [new Renaming(prefix, prefix)] : FindRenamings(sources, among);
        if (fits.Length > 1)
            return new([], [.. among], fits.Select(fit => fit.Added).ToArray(), "");
        var renaming = fits.FirstOrDefault(Renaming.None);
        var found = new Dictionary<string, string>();
        var taken = new HashSet<string>();
        foreach (var source in sources)
        {
            if (renaming.Apply(source, among) is { } target && taken.Add(target))
                found.Add(source, target);
        }
        return new(found, among.Where(target => target.StartsWith(renaming.Added, StringComparison.Ordinal)).ToArray(), [], renaming.Added);
    }

    private Renaming[] FindRenamings(string[] sources, IReadOnlyCollection<string> among)
    {
        var candidates = sources.Length == 0 ? [] : Candidates(sources[0], among).Distinct().ToArray();
        // In a partial transfer the first layer may be one that has no counterpart.
        if (options.AllowPartial && candidates.Length == 0)
            candidates = sources.SelectMany(source => Candidates(source, among)).Distinct().ToArray();
        if (!candidates.Contains(Renaming.None) && sources.Any(among.Contains))
            candidates = [Renaming.None, .. candidates];
        var fits = candidates.GroupBy(candidate => sources.Select(source => candidate.Apply(source, among)).OfType<string>().Distinct().Count())
            .OrderByDescending(group => group.Key).FirstOrDefault()?.ToArray() ?? [];
        return fits.Contains(Renaming.None) ? [Renaming.None] : fits;
    }

    private static IEnumerable<Renaming> Candidates(string source, IReadOnlyCollection<string> among)
    {
        if (among.Contains(source))
            yield return Renaming.None;
        foreach (var target in among)
        {
            if (target.EndsWith("." + source, StringComparison.Ordinal))
                yield return new Renaming(target[..^source.Length], "");
            else if (source.EndsWith("." + target, StringComparison.Ordinal))
                yield return new Renaming("", source[..^target.Length]);
        }
    }

    /// <summary>Which layers belong together by one rule, among which ones of the model, and the prefixes that fit as well if one has to be chosen.</summary>
    /// <param name="Found">The names in the model by those given.</param>
    /// <param name="Within">The names in the model that the rule is about.</param>
    /// <param name="Ambiguous">Prefixes of which one has to be chosen; else empty.</param>
    /// <param name="Added">The prefix that names have in the model only.</param>
    public sealed record Result(Dictionary<string, string> Found, string[] Within, string[] Ambiguous, string Added);

    /// <summary>A prefix that names have in the file only, and one that they have among those given only.</summary>
    private readonly record struct Renaming(string Added, string Removed)
    {
        public static readonly Renaming None = new("", "");

        public string? Apply(string source, IReadOnlyCollection<string> targets)
        {
            if (targets.Contains(Added + source))
                return Added + source;
            return source.StartsWith(Removed, StringComparison.Ordinal) && targets.Contains(source[Removed.Length..])
                ? source[Removed.Length..]
                : null;
        }
    }
}

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

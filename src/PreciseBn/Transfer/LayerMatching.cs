using PreciseBn.Primitives;

namespace PreciseBn.Transfer;

/// <summary>Finds for each layer that is given the one in a file that it stands for.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="targets">Names of the layers of the file.</param>
/// <param name="options">What is said of how names differ.</param>
internal sealed class LayerMatching(string path, IReadOnlyCollection<string> targets, MatchOptions options)
{
    /// <summary>Finds the layers that statistics belong to.</summary>
    /// <param name="path">The model, for messages.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="statistics">The statistics, one object a layer.</param>
    /// <param name="options">How names are matched.</param>
    /// <returns>The statistics by the name of the layer in the model.</returns>
    /// <exception cref="PreciseBnException">They do not match, or differ in size.</exception>
    public static IReadOnlyDictionary<string, ILayerStatistics> Match(
        string path, IReadOnlyList<BnModule> layers, IReadOnlyList<ILayerStatistics> statistics, MatchOptions options)
    {
        if (statistics.Count == 0)
            throw TransferErrors.NothingGiven();
        if (statistics.GroupBy(given => given.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw TransferErrors.GivenTwice(twice.Key);
        var targets = layers.ToDictionary(layer => layer.Name);
        var names = new LayerMatching(path, targets.Keys, options).Match(statistics.Select(given => given.Name).ToArray());
        var updates = new Dictionary<string, ILayerStatistics>();
        foreach (var given in statistics.Where(given => names.ContainsKey(given.Name)))
        {
            var target = targets[names[given.Name]];
            if (target.Channels != given.Mean.Length)
                throw TransferErrors.ChannelsDiffer(path, given.Name, given.Mean.Length, target.Name, target.Channels);
            if (!updates.TryAdd(target.Name, given))
                throw TransferErrors.TwoForOne(path, target.Name);
        }
        return updates;
    }

    /// <summary>The layers of one model by those of another that they are the same as, as far as that can be told by their names.</summary>
    public static IReadOnlyDictionary<string, string> Pair(IReadOnlyCollection<string> sources, IReadOnlyCollection<string> targets)
    {
        var matching = new LayerMatching("", targets, new() { AllowPartial = true });
        return matching.Find(sources, out _, out var ambiguous) is { } found && ambiguous.Length == 0
            ? found
            : sources.Where(targets.Contains).Distinct().ToDictionary(name => name);
    }

    /// <summary>The names in the model by the names given.</summary>
    /// <exception cref="PreciseBnException">Layers are left over, or there is more than one way to match.</exception>
    public IReadOnlyDictionary<string, string> Match(IReadOnlyCollection<string> sources)
    {
        var found = Find(sources, out var within, out var ambiguous);
        if (ambiguous.Length > 0)
            throw TransferErrors.AmbiguousPrefix(path, ambiguous);
        if (!options.AllowPartial)
            RefuseLeftovers(sources, found, within);
        return found;
    }

    // By the names as they are; and if layers are left over so, by what they are without what wrappers add.
    private Dictionary<string, string> Find(IReadOnlyCollection<string> sources, out string[] within, out string[] ambiguous)
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
        (within, ambiguous) = (plain.Within, plain.Ambiguous);
        foreach (var (source, target) in plain.Found)
            mapped.Add(source, target);
        return mapped;
    }

    private Dictionary<string, string> ApplyMap(IReadOnlyCollection<string> sources)
    {
        var mapped = sources.Where(options.Map.ContainsKey).ToDictionary(name => name, name => options.Map[name]);
        if (mapped.FirstOrDefault(pair => !targets.Contains(pair.Value)) is { Key: not null } wrong)
            throw TransferErrors.MapTargetNotFound(path, wrong.Value);
        foreach (var (from, to) in options.Map.Where(rule => LayerNames.Wildcards(rule.Key).Length > 0))
        {
            if (LayerNames.Wildcards(from) != LayerNames.Wildcards(to))
                throw TransferErrors.WildcardsDiffer(from, to);
            foreach (var source in sources)
            {
                if (options.Map.ContainsKey(source) || LayerNames.Rewrite(from, to, source) is not { } target)
                    continue;
                if (!targets.Contains(target) && options.AllowPartial)
                    continue;
                if (!targets.Contains(target))
                    throw TransferErrors.MapTargetNotFound(path, target);
                if (!mapped.TryAdd(source, target) && mapped[source] != target)
                    throw TransferErrors.MappedTwice(source, mapped[source], target);
            }
        }
        return mapped;
    }

    private Identification Identify(string[] sources, IReadOnlyCollection<string> among, string? prefix)
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

    private void RefuseLeftovers(IEnumerable<string> sources, Dictionary<string, string> found, IEnumerable<string> within)
    {
        var homeless = sources.Where(source => !found.ContainsKey(source)).ToArray();
        if (homeless.Length > 0)
            throw TransferErrors.LayersNotInFile(path, homeless);
        var untouched = within.Except(found.Values).ToArray();
        if (untouched.Length > 0)
            throw TransferErrors.LayersNotGiven(path, untouched);
    }

    /// <summary>Which layers belong together by one rule, among which ones of the model, and the prefixes that fit as well if one has to be chosen.</summary>
    private sealed record Identification(Dictionary<string, string> Found, string[] Within, string[] Ambiguous, string Added);

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

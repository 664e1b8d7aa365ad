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
            updates.Add(target.Name, given);
        }
        return updates;
    }

    /// <summary>The names in the file by the names given.</summary>
    /// <exception cref="PreciseBnException">Layers are left over, or there is more than one way to match.</exception>
    public IReadOnlyDictionary<string, string> Match(IReadOnlyCollection<string> sources)
    {
        var mapped = sources.Where(options.Map.ContainsKey).ToDictionary(name => name, name => options.Map[name]);
        if (mapped.FirstOrDefault(pair => !targets.Contains(pair.Value)) is { Key: not null } wrong)
            throw TransferErrors.MapTargetNotFound(path, wrong.Value);
        var rest = sources.Except(mapped.Keys).ToArray();
        var renaming = options.Prefix is { } prefix ? new Renaming(prefix, prefix) : FindRenaming(rest);
        foreach (var source in rest)
        {
            if (renaming.Apply(source, targets) is { } target)
                mapped.Add(source, target);
        }
        if (!options.AllowPartial)
            RefuseLeftovers(sources, mapped, renaming);
        return mapped;
    }

    private Renaming FindRenaming(string[] sources)
    {
        var candidates = sources.Length == 0 ? [] : Candidates(sources[0]).Distinct().ToArray();
        // In a partial transfer the first layer may be one that has no counterpart.
        if (options.AllowPartial && candidates.Length == 0)
            candidates = sources.SelectMany(Candidates).Distinct().ToArray();
        var fits = candidates.GroupBy(candidate => sources.Count(source => candidate.Apply(source, targets) is not null))
            .OrderByDescending(group => group.Key).FirstOrDefault()?.ToArray() ?? [];
        if (fits.Contains(Renaming.None))
            return Renaming.None;
        return fits.Length <= 1 ? fits.FirstOrDefault(Renaming.None) : throw TransferErrors.AmbiguousPrefix(path, fits.Select(fit => fit.Added));
    }

    private IEnumerable<Renaming> Candidates(string source)
    {
        if (targets.Contains(source))
            yield return Renaming.None;
        foreach (var target in targets)
        {
            if (target.EndsWith("." + source, StringComparison.Ordinal))
                yield return new Renaming(target[..^source.Length], "");
            else if (source.EndsWith("." + target, StringComparison.Ordinal))
                yield return new Renaming("", source[..^target.Length]);
        }
    }

    private void RefuseLeftovers(IEnumerable<string> sources, Dictionary<string, string> mapped, Renaming renaming)
    {
        var homeless = sources.Where(source => !mapped.ContainsKey(source)).ToArray();
        if (homeless.Length > 0)
            throw TransferErrors.LayersNotInFile(path, homeless);
        var untouched = targets.Where(target => target.StartsWith(renaming.Added, StringComparison.Ordinal)).Except(mapped.Values).ToArray();
        if (untouched.Length > 0)
            throw TransferErrors.LayersNotGiven(path, untouched);
    }

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

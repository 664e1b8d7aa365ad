using PreciseBn.Primitives;

namespace PreciseBn.Transfer;

/// <summary>Finds for each layer the one of another model that it stands for. A layer of several names is found by each of them.</summary>
internal static class LayerMatching
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
        RequireApart(statistics);
        var targets = ByName(layers);
        var names = new NameMatching(path, targets.Keys, options).Match(ByName(statistics).Keys);
        if (names.Ambiguous.Length > 0)
            throw TransferErrors.AmbiguousPrefix(path, names.Ambiguous);
        if (!options.AllowPartial)
            RefuseLeftovers(path, layers, statistics, names);
        var updates = new Dictionary<string, ILayerStatistics>();
        foreach (var (given, name) in statistics.SelectMany(given => Names(given).Select(name => (given, name))))
        {
            if (!names.Found.TryGetValue(name, out var found))
                continue;
            var target = targets[found];
            if (target.Channels != given.Mean.Length)
                throw TransferErrors.ChannelsDiffer(path, given.Name, given.Mean.Length, target.Name, target.Channels);
            if (!updates.TryAdd(target.Name, given) && !IsSame(updates[target.Name], given))
                throw TransferErrors.TwoForOne(path, target.Name);
        }
        return updates;
    }

    /// <summary>Pairs the layers of two models that are the same, as far as that can be told by their names.</summary>
    /// <returns>The layers of the first in order with those of the second that each is, if any, and then what is left of the second.</returns>
    public static IEnumerable<(ILayerStatistics? First, ILayerStatistics? Second)> Pair(
        IReadOnlyList<ILayerStatistics> first, IReadOnlyList<ILayerStatistics> second)
    {
        var others = ByName(second);
        var sources = ByName(first).Keys.ToArray();
        var result = new NameMatching("", others.Keys, new() { AllowPartial = true }).Match(sources);
        var names = result.Ambiguous.Length == 0 ? result.Found : sources.Where(others.ContainsKey).ToDictionary(name => name);
        var paired = new HashSet<ILayerStatistics>(ReferenceEqualityComparer.Instance);
        foreach (var layer in first)
        {
            var same = Names(layer).Where(names.ContainsKey).Select(name => others[names[name]]).Distinct(ReferenceEqualityComparer.Instance).Cast<ILayerStatistics>().ToArray();
            paired.UnionWith(same);
            foreach (var other in same.DefaultIfEmpty<ILayerStatistics?>(null))
                yield return (layer, other);
        }
        foreach (var other in others.Values.Distinct(ReferenceEqualityComparer.Instance).Cast<ILayerStatistics>().Where(other => !paired.Contains(other)))
            yield return (null, other);
    }

    /// <summary>All names of a layer, its own first.</summary>
    public static IEnumerable<string> Names(ILayerStatistics layer) => layer.Aliases.Prepend(layer.Name);

    /// <summary>Refuses statistics of one layer that are given twice.</summary>
    /// <exception cref="PreciseBnException">Some are.</exception>
    public static void RequireApart(IEnumerable<ILayerStatistics> statistics)
    {
        if (statistics.SelectMany(Names).GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw TransferErrors.GivenTwice(twice.Key);
    }

    private static Dictionary<string, T> ByName<T>(IEnumerable<T> layers) where T : ILayerStatistics
    {
        var byName = new Dictionary<string, T>();
        foreach (var layer in layers)
        {
            foreach (var name in Names(layer))
                byName.TryAdd(name, layer);
        }
        return byName;
    }

    private static bool IsSame(ILayerStatistics one, ILayerStatistics other) => ReferenceEquals(one, other)
        || (one.Mean.SequenceEqual(other.Mean) && one.Variance.SequenceEqual(other.Variance) && one.BatchesTracked == other.BatchesTracked);

    private static void RefuseLeftovers(string path, IReadOnlyList<BnModule> layers, IReadOnlyList<ILayerStatistics> statistics, NameMatching.Result names)
    {
        var homeless = statistics.Where(given => !Names(given).Any(names.Found.ContainsKey)).Select(given => given.Name).ToArray();
        if (homeless.Length > 0)
            throw TransferErrors.LayersNotInFile(path, homeless);
        var covered = names.Found.Values.ToHashSet();
        var untouched = layers.Where(layer => Names(layer).Any(names.Within.Contains) && !Names(layer).Any(covered.Contains)).Select(layer => layer.Name).ToArray();
        if (untouched.Length > 0)
            throw TransferErrors.LayersNotGiven(path, untouched);
    }
}

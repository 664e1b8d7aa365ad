using PreciseBn.Archives.Arrays;

namespace PreciseBn.Data;

/// <summary>Chooses among stored arrays the ones that a model is to get.</summary>
internal static class ArraySelection
{
    /// <summary>Items of the chosen arrays, or the arrays as batches.</summary>
    /// <param name="arrays">All arrays.</param>
    /// <param name="files">Files they lie in, disposed of with the result.</param>
    /// <param name="origin">Where they come from.</param>
    /// <param name="options">What to choose.</param>
    public static ISampleSource Choose(
        IReadOnlyList<StoredArray> arrays, IReadOnlyList<IDisposable> files, string? origin, BnDataLoaderOptions options)
    {
        if (arrays.Count == 0)
            throw DataErrors.NoArrays(origin);
        arrays = arrays.GroupBy(array => array.Name).Select(parts => StoredArray.Concatenate(parts.ToArray())
            ?? throw DataErrors.PartsDiffer(parts.Key, origin)).ToArray();
        if (options.AsBatches)
            return new ArrayBatches(Batches(arrays, origin, options).ToArray(), files);
        if (options.Keys.Count == 0 && arrays.Count > 1)
            throw DataErrors.AmbiguousKey(arrays.Select(array => array.Name));
        var chosen = options.Keys.Count == 0 ? arrays : options.Keys.Select(key => Find(arrays, key)).ToArray();
        return Samples(chosen, files, origin, options);
    }

    private static IEnumerable<ArraySamples> Batches(
        IReadOnlyList<StoredArray> arrays, string? origin, BnDataLoaderOptions options)
    {
        var names = arrays.Select(array => array.Name).ToHashSet();
        if (options.Keys.All(names.Contains))
        {
            var chosen = options.Keys.Count == 0
                ? arrays.OrderByName(array => array.Name)
                : options.Keys.Select(key => Find(arrays, key));
            return chosen.Select(array => Samples([array], [], Describe(array.Name, origin), options));
        }
        var prefixes = Prefixes(names, options.Keys[0]);
        if (prefixes.Length == 0)
            throw DataErrors.KeyNotFound(options.Keys[0], names);
        return prefixes.Select(batch => Samples(
            options.Keys.Select(key => arrays.FirstOrDefault(array => array.Name == $"{batch}.{key}")
                ?? throw DataErrors.IncompleteBatch(batch, key)).ToArray(),
            [], Describe(batch, origin), options));
    }

    private static string Describe(string batch, string? origin) => origin is null ? $"'{batch}'" : $"'{batch}' in {origin}";

    private static string[] Prefixes(IEnumerable<string> names, string key) => names
        .Where(name => name.EndsWith($".{key}", StringComparison.Ordinal))
        .Select(name => name[..^(key.Length + 1)])
        .OrderByName(name => name).ToArray();

    private static StoredArray Find(IReadOnlyList<StoredArray> arrays, string key) =>
        arrays.FirstOrDefault(array => array.Name == key)
        ?? throw DataErrors.KeyNotFound(key, arrays.Select(array => array.Name));

    private static ArraySamples Samples(
        IReadOnlyList<StoredArray> arrays, IReadOnlyList<IDisposable> files, string? origin, BnDataLoaderOptions options)
    {
        if (arrays.FirstOrDefault(array => array.Shape.Count == 0 || array.Shape[0] == 0) is { } empty)
            throw DataErrors.NoItems(empty.Name, origin);
        // With several inputs, mean and deviation are for the images among them and not for, say, a vector beside.
        var inputs = arrays.Select(array => new ArrayPreparation(array, options, arrays.Count == 1 || array.Shape.Count > 2));
        return new ArraySamples(inputs.ToArray(), files, origin);
    }
}

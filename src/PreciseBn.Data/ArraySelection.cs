using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data;

/// <summary>Chooses among stored arrays the ones that a model is to get, and joins those of several files.</summary>
internal static class ArraySelection
{
    // Labels are no pixels.
    private static readonly BnDataLoaderOptions AsStored = new() { KeepIntegers = true };

    /// <summary>Items of the chosen arrays, or the arrays as batches.</summary>
    /// <param name="files">The files, which are disposed of with the result.</param>
    /// <param name="options">What to choose.</param>
    /// <exception cref="PreciseBnException">An array is missing, or those of several files do not fit together.</exception>
    public static ISampleSource Choose(IReadOnlyList<ArrayFile> files, BnDataLoaderOptions options)
    {
        var sets = Name(files.Select(file => file.Arrays.Count > 0 ? ArraySet.Of(file) : throw DataErrors.NoArrays(file.Path)).ToArray(), options);
        if (options.AsBatches)
            return new ArrayBatches(sets.SelectMany(set => Batches(set, options)).ToArray(), files);
        var origin = files.Count == 1 ? files[0].Path : $"{files[0].Path} and {files.Count - 1} more files";
        var labels = LabelKey(sets[0], options) is { } labelKey ? Join(sets, labelKey, sets.Select(set => set.FindLabels(labelKey))) : null;
        return Samples(Keys(sets[0], options).Select(key => Join(sets, key, sets.Select(set => set.Find(key)))).ToArray(), labels, files, origin, options);
    }

    /// <summary>Items of arrays in memory, one for each input, or the arrays as batches.</summary>
    public static ISampleSource Choose(IReadOnlyList<StoredArray> arrays, BnDataLoaderOptions options)
    {
        if (arrays.Count == 0)
            throw DataErrors.NoArrays(null);
        return options.AsBatches
            ? new ArrayBatches(Batches(new ArraySet(null, arrays), options).ToArray(), [])
            : ChooseInMemory(new ArraySet(null, arrays), options);
    }

    private static ArraySamples ChooseInMemory(ArraySet set, BnDataLoaderOptions options)
    {
        var labels = LabelKey(set, options) is { } key ? set.FindLabels(key) : null;
        var inputs = set.Arrays.Where(array => array != labels).ToArray();
        return inputs.Length > 0 ? Samples(inputs, labels, [], null, options) : throw DataErrors.NothingButLabels(null, labels!.Name);
    }

    // Arrays without names go by the names of their files, as several inputs or several batches, or else are parts of one.
    private static ArraySet[] Name(IReadOnlyList<ArraySet> sets, BnDataLoaderOptions options)
    {
        var unnamed = sets.Where(set => set.IsUnnamed).ToArray();
        if (unnamed.Length < 2)
            return [.. sets];
        if (options.Keys.Count > 0 || options.AsBatches || (options.LabelKey is not null && unnamed.All(set => set.Arrays.Count == 1)))
            return [.. sets.Except(unnamed), new ArraySet(unnamed[0].Path, unnamed.SelectMany(set => set.Arrays).ToArray())];
        var name = unnamed[0].Arrays[0].Name;
        return sets.Select(set => set.IsUnnamed ? set with { Arrays = [set.Arrays[0].Rename(name), .. set.Arrays.Skip(1)] } : set).ToArray();
    }

    private static IReadOnlyList<string> Keys(ArraySet set, BnDataLoaderOptions options) =>
        options.Keys.Count > 0 ? options.Keys
        : set.InputNames.Count > 0 ? set.InputNames.Where(name => name != options.LabelKey).ToArray()
        : set.Arrays.Where(array => array.Name != options.LabelKey).ToArray() switch
        {
            [] => throw DataErrors.NothingButLabels(set.Path, options.LabelKey!),
            [var only] => [only.Name],
            _ => throw DataErrors.AmbiguousKey(set.Arrays.Select(array => array.Name)),
        };

    private static string? LabelKey(ArraySet set, BnDataLoaderOptions options) => options.IsLabelled
        ? options.LabelKey ?? throw DataErrors.LabelKeyNeeded(set.Path, set.Arrays.Select(array => array.Name))
        : null;

    private static StoredArray Join(IReadOnlyList<ArraySet> sets, string key, IEnumerable<StoredArray> arrays)
    {
        var parts = arrays.ToArray();
        var odd = Array.FindIndex(parts, part => parts.Length > 1 && !part.IsLike(parts[0]));
        return odd < 0
            ? StoredArray.Concatenate(parts)
            : throw DataErrors.PartsDiffer(key, sets[0].Path!, parts[0].Describe(), sets[odd].Path!, parts[odd].Describe());
    }

    private static IEnumerable<ArraySamples> Batches(ArraySet set, BnDataLoaderOptions options)
    {
        var names = set.Arrays.Select(array => array.Name).ToHashSet();
        var labels = LabelKey(set, options);
        if (labels is not null && (options.Keys.Count == 0 || options.Keys.All(names.Contains)))
            throw DataErrors.LabelsOfBatches(set.Path, labels);
        if (options.Keys.All(names.Contains))
        {
            var chosen = options.Keys.Count == 0
                ? set.Arrays.OrderByName(array => array.Name)
                : options.Keys.Select(set.Find);
            return chosen.Select(array => Samples([array], null, [], set.Path, options, batch: array.Name));
        }
        var prefixes = Prefixes(names, options.Keys[0]);
        if (prefixes.Length == 0)
            throw DataErrors.KeyNotFound(options.Keys[0], set.Path, names);
        return prefixes.Select(batch => Samples(
            options.Keys.Select(key => OfBatch(batch, key)).ToArray(), labels is null ? null : OfBatch(batch, labels), [], set.Path, options, batch));

        StoredArray OfBatch(string batch, string key) =>
            set.Arrays.FirstOrDefault(array => array.Name == $"{batch}.{key}") ?? throw DataErrors.IncompleteBatch(batch, key);
    }

    private static string Describe(string batch, string? origin) => origin is null ? $"'{batch}'" : $"'{batch}' in {origin}";

    private static string[] Prefixes(IEnumerable<string> names, string key) => names
        .Where(name => name.EndsWith($".{key}", StringComparison.Ordinal))
        .Select(name => name[..^(key.Length + 1)])
        .OrderByName(name => name).ToArray();

    private static ArraySamples Samples(
        IReadOnlyList<StoredArray> arrays, StoredArray? labels, IReadOnlyList<IDisposable> files, string? origin, BnDataLoaderOptions options, string? batch = null)
    {
        // What is the same for a whole batch may be a number.
        var isEmpty = (StoredArray array) => array.Shape.Count == 0 ? !options.AsBatches || array == labels : array.Shape[0] == 0;
        if ((labels is null ? arrays : [.. arrays, labels]).FirstOrDefault(isEmpty) is { } empty)
            throw DataErrors.NoItems(empty.Name, origin);
        // With several inputs, mean and deviation are for the images among them and not for, say, a vector or numbers of classes beside.
        var inputs = Array.ConvertAll(arrays.ToArray(), array => new ArrayPreparation(
            array, options, arrays.Count == 1 || (array.Shape.Count > 2 && (array.DType.IsFloatingPoint() || array.DType == DType.UInt8))));
        if (options.Mean.Count + options.StandardDeviation.Count > 0 && !inputs.Any(input => input.IsNormalised))
            throw DataErrors.NothingNormalised(arrays.Select(array => array.Name), options.KeepIntegers);
        return new ArraySamples(inputs, labels is null ? null : new ArrayPreparation(labels, AsStored, normalise: false), files, batch is null ? origin : Describe(batch, origin), options.Keys.Count == arrays.Count ? options.Keys : arrays.Select(array => array.Name).ToArray(),
            areBatches: options.AsBatches);
    }
}

/// <summary>Arrays that are told apart by their names.</summary>
/// <param name="Path">The file that they are in; <c>null</c> for arrays in memory.</param>
/// <param name="Arrays">The arrays.</param>
internal sealed record ArraySet(string? Path, IReadOnlyList<StoredArray> Arrays)
{
    /// <summary>The arrays that a model is meant to get, where the format of the file says which; else empty.</summary>
    public IReadOnlyList<string> InputNames { get; init; } = [];

    /// <summary>Whether there is one array, named after the file.</summary>
    public bool IsUnnamed { get; init; }

    public static ArraySet Of(ArrayFile file) => new(file.Path, file.Arrays) { InputNames = file.InputNames, IsUnnamed = file.IsUnnamed };

    /// <exception cref="PreciseBnException">There is no array of that name.</exception>
    public StoredArray FindLabels(string name) => Arrays.FirstOrDefault(array => array.Name == name)
        ?? throw DataErrors.LabelKeyNotFound(name, Path, Arrays.Select(array => array.Name));

    /// <exception cref="PreciseBnException">There is no array of that name.</exception>
    public StoredArray Find(string name) => Arrays.FirstOrDefault(array => array.Name == name)
        ?? throw DataErrors.KeyNotFound(name, Path, Arrays.Select(array => array.Name));
}

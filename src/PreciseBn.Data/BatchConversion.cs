using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Data;

/// <summary>Makes a batch of whatever holds its tensors.</summary>
internal static class BatchConversion
{
    /// <summary>Makes sure that an object is of a kind that batches can be made of. What makes its tensors only when it is asked for them is not asked yet.</summary>
    /// <exception cref="PreciseBnException">It is not, or it is not said which of its parts are meant.</exception>
    public static void Require(object? item, IReadOnlyList<string> inputKeys, string? labelKey)
    {
        if (item is IEnumerable and not (Tensor or string or ICollection))
            return;
        var values = Values(item, inputKeys, labelKey);
        foreach (var value in labelKey is null ? values : [.. values, Labels(item, labelKey)])
            TensorArrays.Require(value);
    }

    /// <exception cref="PreciseBnException">The object holds none, or it is not said which of them are meant.</exception>
    public static Batch ToBatch(object? item, IReadOnlyList<string> inputKeys, string? labelKey = null)
    {
        var values = Values(item, inputKeys, labelKey);
        var labels = labelKey is null ? (item as Batch)?.Labels : Labels(item, labelKey);
        // A mixed batch is left to the garbage collector: disposing of it would dispose of the caller's tensors.
        return new Batch(values.Select(TensorArrays.AsTensor).ToArray(), isOwned: values.All(value => value is Array) && labels is null or Array)
        {
            Labels = labels is null ? null : TensorArrays.AsTensor(labels),
        };
    }

    private static object[] Values(object? item, IReadOnlyList<string> inputKeys, string? labelKey) =>
        Inputs(item, inputKeys, labelKey).ToArray() is { Length: > 0 } values ? values : throw DataErrors.NotData(item);

    private static IEnumerable<object> Inputs(object? item, IReadOnlyList<string> keys, string? labelKey) => item switch
    {
        Tensor tensor => Single(tensor, keys, "a single tensor"),
        Batch batch => keys.Count == 0 ? batch.Inputs : Pick([.. batch.Inputs], keys, null),
        IDictionary dictionary => FromDictionary(dictionary, keys, labelKey),
        Array array when TensorArrays.IsNumeric(array) => Single(array, keys, "a single array"),
        _ when TryList(item) is { } values => Pick(values, keys, labelKey),
        _ => throw DataErrors.NotData(item),
    };

    private static object Labels(object? item, string key) => item switch
    {
        IDictionary dictionary => dictionary[key] ?? throw DataErrors.InputKeyNotFound(key, Names(dictionary)),
        Array array when TensorArrays.IsNumeric(array) => throw DataErrors.LabelNotFound(key, "a single array"),
        _ when TryList(item) is { } values => values[Index(key, values.Length)] ?? throw DataErrors.NotData(null),
        Batch batch => batch.Labels ?? throw DataErrors.LabelNotFound(key, "without them"),
        _ => throw DataErrors.LabelNotFound(key, "a single tensor"),
    };

    private static object[] Single(object item, IReadOnlyList<string> keys, string batch) =>
        keys.Count == 0 ? [item] : throw DataErrors.NoEntries(keys[0], batch);

    private static object?[]? TryList(object? item) => item switch
    {
        Tensor => null,
        ITuple tuple => Enumerable.Range(0, tuple.Length).Select(index => tuple[index]).ToArray(),
        IEnumerable sequence and not string => sequence.Cast<object?>().ToArray(),
        _ => null,
    };

    private static IEnumerable<object> FromDictionary(IDictionary dictionary, IReadOnlyList<string> keys, string? labelKey)
    {
        var names = Names(dictionary);
        var inputs = names.Where(name => !string.Equals(name, labelKey, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (keys.Count == 0 && inputs.Length != 1)
            throw DataErrors.InputKeyNeeded(names);
        return (keys.Count == 0 ? inputs : keys).Select(key => dictionary[key]
            ?? throw DataErrors.InputKeyNotFound(key, names));
    }

    private static string[] Names(IDictionary dictionary) => dictionary.Keys.Cast<object>().Select(key => $"{key}").ToArray();

    private static IEnumerable<object> Pick(object?[] values, IReadOnlyList<string> keys, string? labelKey)
    {
        var labels = labelKey is null ? -1 : Index(labelKey, values.Length);
        var chosen = keys.Count == 0 ? values.Where((_, index) => index != labels) : keys.Select(key => values[Index(key, values.Length)]);
        return chosen.Select(value => value ?? throw DataErrors.NotData(value));
    }

    private static int Index(string key, int count) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < count
            ? index
            : throw DataErrors.InputKeyNotFound(key, Enumerable.Range(0, count).Select(i => $"{i}"));
}

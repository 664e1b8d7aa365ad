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
    /// <exception cref="PreciseBnException">The object holds none, or it is not said which of them are meant.</exception>
    public static Batch ToBatch(object? item, IReadOnlyList<string> inputKeys)
    {
        var values = Inputs(item, inputKeys).ToArray();
        if (values.Length == 0)
            throw DataErrors.NotData(item);
        // A mixed batch is left to the garbage collector: disposing of it would dispose of the caller's tensors.
        return new Batch(values.Select(TensorArrays.AsTensor).ToArray(), isOwned: values.All(value => value is Array));
    }

    private static IEnumerable<object> Inputs(object? item, IReadOnlyList<string> keys) => item switch
    {
        Tensor tensor => [tensor],
        Batch batch => batch.Inputs,
        IDictionary dictionary => FromDictionary(dictionary, keys),
        ITuple tuple => Pick(Enumerable.Range(0, tuple.Length).Select(index => tuple[index]).ToArray(), keys),
        Array array when TensorArrays.IsNumeric(array) => [array],
        IEnumerable sequence and not string => Pick(sequence.Cast<object?>().ToArray(), keys),
        _ => throw DataErrors.NotData(item),
    };

    private static IEnumerable<object> FromDictionary(IDictionary dictionary, IReadOnlyList<string> keys)
    {
        var names = dictionary.Keys.Cast<object>().Select(key => $"{key}").ToArray();
        if (keys.Count == 0 && names.Length != 1)
            throw DataErrors.InputKeyNeeded(names);
        return (keys.Count == 0 ? names : keys).Select(key => dictionary[key]
            ?? throw DataErrors.InputKeyNotFound(key, names));
    }

    private static IEnumerable<object> Pick(IReadOnlyList<object?> values, IReadOnlyList<string> keys)
    {
        var chosen = keys.Count == 0 ? values : keys.Select(key => values[Index(key, values.Count)]);
        return chosen.Select(value => value ?? throw DataErrors.NotData(value));
    }

    private static int Index(string key, int count) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < count
            ? index
            : throw DataErrors.InputKeyNotFound(key, Enumerable.Range(0, count).Select(i => $"{i}"));
}

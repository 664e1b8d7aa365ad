using System.Collections;
using PreciseBn.Batches;
using PreciseBn.Primitives;

namespace PreciseBn.Data;

/// <summary>Batches that a caller has, in any form that a model can be given.</summary>
/// <param name="items">
/// Tensors, arrays of numbers, or arrays, lists, tuples or dictionaries of them. Tensors stay the caller's. Those of a collection are looked
/// at now, those of another sequence when they are read.
/// </param>
/// <param name="inputKeys">Which entries of each item are the inputs of the model, in that order; empty takes all but the labels.</param>
/// <param name="labelKey">Which entry of each item has the labels; <c>null</c> if none has.</param>
/// <exception cref="PreciseBnException">An item of a collection can be given to no model, or it is not said which part of it is meant.</exception>
public sealed class EnumerableBatchSource(IEnumerable<object?> items, IReadOnlyList<string> inputKeys, string? labelKey = null) : IBatchSource
{
    private readonly IEnumerable<object?> _items = Require(items, inputKeys, labelKey);

    /// <inheritdoc/>
    public long? BatchCount => _items.TryGetNonEnumeratedCount(out var count) ? count : null;

    /// <summary>Which parts of the batches are the inputs, where that was said.</summary>
    public string? Inputs => inputKeys.Count > 0 ? $"inputs '{string.Join("', '", inputKeys)}'" : null;

    /// <inheritdoc/>
    public IEnumerable<Batch> Read(CancellationToken cancellation)
    {
        foreach (var item in _items)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return BatchConversion.ToBatch(item, inputKeys, labelKey);
        }
    }

    // What can be known before the work is said before it.
    private static IEnumerable<object?> Require(IEnumerable<object?> items, IReadOnlyList<string> inputKeys, string? labelKey)
    {
        if (items is ICollection collection)
        {
            foreach (var item in collection)
                BatchConversion.Require(item, inputKeys, labelKey);
        }
        return items;
    }
}

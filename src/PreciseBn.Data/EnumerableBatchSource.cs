using PreciseBn.Batches;

namespace PreciseBn.Data;

/// <summary>Batches that a caller has, in any form that a model can be given.</summary>
/// <param name="items">
/// Tensors, arrays of numbers, or arrays, lists, tuples or dictionaries of them. Tensors stay the caller's.
/// </param>
/// <param name="inputKeys">Which entries of each item are the inputs of the model, in that order; empty takes all but the labels.</param>
/// <param name="labelKey">Which entry of each item has the labels; <c>null</c> if none has.</param>
public sealed class EnumerableBatchSource(IEnumerable<object?> items, IReadOnlyList<string> inputKeys, string? labelKey = null) : IBatchSource
{
    /// <inheritdoc/>
    public long? BatchCount => items.TryGetNonEnumeratedCount(out var count) ? count : null;

    /// <summary>Which parts of the batches are the inputs, where that was said.</summary>
    public string? Inputs => inputKeys.Count > 0 ? $"inputs '{string.Join("', '", inputKeys)}'" : null;

    /// <inheritdoc/>
    public IEnumerable<Batch> Read(CancellationToken cancellation)
    {
        foreach (var item in items)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return BatchConversion.ToBatch(item, inputKeys, labelKey);
        }
    }
}

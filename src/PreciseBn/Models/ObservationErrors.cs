using PreciseBn.Primitives;
using PreciseBn.Statistics;

namespace PreciseBn.Models;

/// <summary>What can be wrong with a batch, for a layer that normalises by it. Each leaves the model and its file as they were.</summary>
internal static class ObservationErrors
{
    private const string Unchanged = "Nothing was changed.";

    /// <summary>Says what is wrong with a batch, and in which layer first, in the order in which the model runs.</summary>
    /// <param name="name">The model, for messages.</param>
    /// <param name="model">The same as it is observed.</param>
    /// <param name="fault">What is wrong.</param>
    /// <param name="origin">Where the batch comes from; <c>null</c> if that is not known.</param>
    public static PreciseBnException Explain(string name, IObservedModel model, ObservationFault fault, string? origin)
    {
        var first = model.Order.Intersect(fault.Layers).Concat(fault.Layers).First();
        var layer = model.Layers[model.Observed[first]].Name;
        return fault.Kind switch
        {
            ObservationFaultKind.Reused => LayerReused(name, layer, fault.Batch),
            ObservationFaultKind.SingleValue => SingleValue(name, layer, fault.Batch),
            _ => NotFinite(name, layer, fault.Batch, origin),
        };
    }

    private static PreciseBnException LayerReused(string model, string layer, long batch) => new(
        "LayerReused", ErrorKind.NotSupported,
        $"The layer '{layer}' of '{model}' runs more than once in batch {batch}, so that its statistics would be those of several places. {Unchanged}",
        "Leave the layer out, or allow its reuse, which pools what it is given.", layer);

    public static PreciseBnException NotFinite(string model, string layer, long batch, string? origin) => new(
        "NotFinite", ErrorKind.InvalidData,
        $"The layer '{layer}' of '{model}' received NaN or infinity in batch {batch}{(origin is null ? "" : $" ({origin})")}; it is the first to do so. {Unchanged}",
        "Check that batch, its normalisation, and the weights before that layer, or let such batches be skipped.", layer);

    public static PreciseBnException SingleValue(string model, string layer, long batch) => new(
        "SingleValue", ErrorKind.InvalidData,
        $"The layer '{layer}' of '{model}' receives a single value of each channel in batch {batch}, which has no variance. {Unchanged}",
        "Give larger batches, leave out a last one that is small, or measure exactly, where the layer normalises by final statistics.", layer);
}

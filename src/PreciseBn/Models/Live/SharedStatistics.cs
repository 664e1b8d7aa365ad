using PreciseBn.Native;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>Layers of a live model that keep a number of their statistics in the same memory.</summary>
internal static class SharedStatistics
{
    /// <param name="selected">The layers that are to be recomputed.</param>
    /// <param name="all">All layers of the model.</param>
    /// <returns>A layer of the selected with another of the model, or with itself; <c>null</c> if each number is in a place of its own.</returns>
    public static (BnModule Layer, BnModule Other)? Find(IReadOnlyCollection<BnModule> selected, IEnumerable<BnModule> all)
    {
        var owners = new Dictionary<nint, BnModule>();
        var names = selected.Select(layer => layer.Name).ToHashSet();
        foreach (var layer in all)
        {
            foreach (var place in new[] { layer.Live!.Layer.running_mean!, layer.Live.Layer.running_var! }.SelectMany(PlacesOf))
            {
                if (!owners.TryAdd(place, layer) && (names.Contains(layer.Name) || names.Contains(owners[place].Name)))
                    return (owners[place], layer);
            }
        }
        return null;
    }

    // Those in 16 bits cannot be observed, and are refused for that.
    private static IEnumerable<nint> PlacesOf(Tensor statistics)
    {
        if (statistics.FindStorage() is not { } storage)
            return [];
        var first = storage.Address + (nint)(statistics.storage_offset() * statistics.element_size());
        var step = (nint)(statistics.stride(0) * statistics.element_size());
        return Enumerable.Range(0, (int)statistics.numel()).Select(channel => first + (channel * step));
    }
}

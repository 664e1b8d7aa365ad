using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>A batch that cannot go into the moments, and the layers that it is wrong in.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Batch">Index of the batch, from 0.</param>
/// <param name="Layers">Indices of the layers, in the order in which they are listed.</param>
internal sealed record ObservationFault(ObservationFaultKind Kind, long Batch, IReadOnlyList<int> Layers)
{
    /// <summary>Looks for the first faulty batch. One number travels to the host; more only if something is wrong.</summary>
    public static ObservationFault? Find(BatchMoments batches, ObservationLayout layout, ObservationRules rules, long firstBatch)
    {
        var isReused = rules.AllowReuse ? zeros_like(batches.Uses, ScalarType.Bool) : batches.Uses > 1;
        // A sum is the fastest look at many numbers: if one of them is not finite, it is not.
        var sum = (batches.Means + batches.Variances).sum().masked_fill(isReused.any(), double.NaN);
        if (double.IsFinite(sum.item<double>()))
            return null;

        var nonFinite = Flags(batches.IsNonFinite());
        var reused = Flags(isReused);
        var width = layout.Width;
        var layers = layout.Channels.Count;
        for (var row = 0; row < nonFinite.Length / width; row++)
        {
            var reusedLayers = Where(layers, layer => reused[(row * layers) + layer]);
            if (reusedLayers.Length > 0)
                return new ObservationFault(ObservationFaultKind.Reused, firstBatch + row, reusedLayers);
            var nonFiniteLayers = Where(layers, layer => nonFinite
                .AsSpan((row * width) + layout.Starts[layer], layout.Channels[layer]).Contains(true));
            if (nonFiniteLayers.Length > 0)
                return new ObservationFault(ObservationFaultKind.NonFinite, firstBatch + row, nonFiniteLayers);
        }
        return null;
    }

    private static int[] Where(int layers, Func<int, bool> isFaulty) => Enumerable.Range(0, layers).Where(isFaulty).ToArray();

    private static bool[] Flags(Tensor tensor)
    {
        using var host = tensor.cpu();
        return host.data<bool>().ToArray();
    }
}

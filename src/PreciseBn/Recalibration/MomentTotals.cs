using PreciseBn.Statistics;

namespace PreciseBn.Recalibration;

/// <summary>What is known after some batches.</summary>
/// <param name="Layers">The moments of the observed layers.</param>
/// <param name="Batches">The number of batches that were run, with those that were skipped.</param>
/// <param name="Skipped">Batches that were left out because they had NaN or infinity.</param>
internal sealed record MomentTotals(IReadOnlyList<LayerMoments> Layers, long Batches, long Skipped)
{
    /// <summary>The same with other batches added.</summary>
    public MomentTotals With(MomentTotals others)
    {
        var merges = Layers.Select(layer => new MomentMerge(layer)).ToArray();
        for (var layer = 0; layer < merges.Length; layer++)
            merges[layer].Add(others.Layers[layer]);
        return new MomentTotals(merges.Select(merge => merge.Sum).ToArray(), Batches + others.Batches, Skipped + others.Skipped);
    }
}

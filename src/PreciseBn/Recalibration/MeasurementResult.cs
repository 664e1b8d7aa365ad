using PreciseBn.Batches;
using PreciseBn.Statistics;

namespace PreciseBn.Recalibration;

/// <summary>What running some batches through a model gave.</summary>
/// <param name="Totals">The moments of the observed layers, and how many batches there were.</param>
/// <param name="StoppedBy">Why no more batches were run.</param>
/// <param name="Looks">The totals on the way there, where that was asked for.</param>
/// <param name="ItemsLeftOut">Items of a last batch that was too small to have a variance.</param>
/// <param name="Entrance">Where the data come in; <c>null</c> if that is not known.</param>
internal sealed record MeasurementResult(MomentTotals Totals, StopReason StoppedBy, IReadOnlyList<MomentTotals> Looks, long ItemsLeftOut, Entrance? Entrance);

/// <summary>Where data come into a model.</summary>
/// <param name="Scale">How the numbers of the first batch are scaled.</param>
/// <param name="Layer">The layer that they reach first.</param>
internal sealed record Entrance(InputScale Scale, string Layer)
{
    /// <summary>The scale for that layer, and nothing for others.</summary>
    public InputScale? Of(string layer) => layer == Layer ? Scale : null;
}

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

/// <summary>Keeps what is known so far, so that a run that was broken off can go on.</summary>
internal interface IMeasurementCheckpoint
{
    /// <summary>What an earlier run has saved; <c>null</c> if none has.</summary>
    MomentTotals? Saved { get; }

    /// <summary>Whether it is to be saved after so many batches.</summary>
    bool IsDue(long batches);

    /// <summary>Saves it, in place of what was saved before.</summary>
    void Save(MomentTotals totals);
}

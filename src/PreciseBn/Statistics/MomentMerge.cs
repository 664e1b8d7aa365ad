using static PreciseBn.Statistics.MomentRow;

namespace PreciseBn.Statistics;

/// <summary>
/// Sums up the moments of disjoint batches of one layer, in whatever order they come. They are counted from different
/// references, and are brought to those of the first: with δ and ε what a reference mean and variance lie above the first, a
/// batch's d becomes d + δ, its e and u become e + ε and u + ε, and the sums of their powers follow by the binomial theorem.
/// </summary>
/// <remarks>The pooled moments are merged by Chan's formula, as in <see cref="MomentAccumulator"/>.</remarks>
internal sealed class MomentMerge
{
    private LayerMoments _sum;

    /// <param name="first">The first moments; they are copied.</param>
    public MomentMerge(LayerMoments first) => _sum = Copy(first);

    /// <summary>The moments of all batches so far; they change with the next that are added.</summary>
    public LayerMoments Sum => _sum;

    /// <summary>Adds the moments of other batches of the same layer.</summary>
    public void Add(LayerMoments next)
    {
        if (next.Batches == 0)
            return;
        if (_sum.Batches == 0)
        {
            _sum = Copy(next);
            return;
        }
        var weight = next.Count / (double)(_sum.Count + next.Count);
        for (var channel = 0; channel < _sum.Channels; channel++)
            Add(next, channel, weight);
        _sum = _sum with
        {
            Batches = _sum.Batches + next.Batches,
            Uses = _sum.Uses + next.Uses,
            Count = _sum.Count + next.Count,
            // Which batches of the two are successive is not known.
            SerialCorrelation = double.NaN,
        };
    }

    private void Add(LayerMoments next, int channel, double weight)
    {
        var sum = _sum.Table;
        double At(MomentRow row) => next.Table[row, channel];
        double Difference(MomentRow row) => At(row) - sum[row, channel];
        void Increase(MomentRow row, double value) => sum[row][channel] += value;

        var delta = Difference(Origin) + Difference(ReferenceMean);
        var epsilon = Difference(ReferenceVariance);
        var square = delta * delta;
        double batches = next.Batches;

        var distance = At(MeanOffset) + delta - sum[MeanOffset, channel];
        Increase(SquaredDeviations, At(SquaredDeviations) + (distance * distance * _sum.Count * weight));
        Increase(MeanOffset, distance * weight);

        var means = At(WeightedD) + (delta * At(Weights));
        var squares = At(WeightedD2) + (2 * delta * At(WeightedD)) + (square * At(Weights));
        Increase(WeightedD4, At(WeightedD4) + (4 * delta * At(WeightedD3)) + (6 * square * At(WeightedD2))
            + (4 * square * delta * At(WeightedD)) + (square * square * At(Weights)));
        Increase(WeightedD3, At(WeightedD3) + (3 * delta * At(WeightedD2)) + (3 * square * At(WeightedD)) + (square * delta * At(Weights)));
        Increase(WeightedED2, At(WeightedED2) + (2 * delta * At(WeightedED)) + (square * At(WeightedE)) + (epsilon * squares));
        Increase(WeightedED, At(WeightedED) + (delta * At(WeightedE)) + (epsilon * means));
        Increase(WeightedE2, At(WeightedE2) + (2 * epsilon * At(WeightedE)) + (epsilon * epsilon * At(Weights)));
        Increase(WeightedE, At(WeightedE) + (epsilon * At(Weights)));
        Increase(WeightedD2, squares);
        Increase(WeightedD, means);
        Increase(Weights, At(Weights));
        Increase(D2, At(D2) + (2 * delta * At(D)) + (square * batches));
        Increase(D, At(D) + (delta * batches));
        Increase(U2, At(U2) + (2 * epsilon * At(U)) + (epsilon * epsilon * batches));
        Increase(U, At(U) + (epsilon * batches));
    }

    private static LayerMoments Copy(LayerMoments moments) => moments with { Table = moments.Table.Copy() };
}

namespace PreciseBn.Statistics;

/// <summary>
/// Sums up the moments of disjoint batches of one layer, in whatever order they come. They are counted from different
/// references, and are brought to those of the first: with δ and ε what a reference mean and variance lie above the first, a
/// batch's d becomes d + δ, its e and u become e + ε and u + ε, and the sums of their powers follow by the binomial theorem.
/// </summary>
/// <remarks>The pooled moments are merged by Chan's formula, as in <see cref="MomentAccumulator"/>.</remarks>
internal sealed class MomentMerge
{
    private const int FirstClusterRow = LayerMoments.Rows - ClusterSums.Rows;

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
        for (var channel = 0; channel < next.Channels; channel++)
        {
            var delta = next.Origin[channel] - _sum.Origin[channel] + (next.ReferenceMean[channel] - _sum.ReferenceMean[channel]);
            var epsilon = next.ReferenceVariance[channel] - _sum.ReferenceVariance[channel];
            AddPooled(channel, next, delta);
            AddClusters(channel, next, delta, epsilon);
        }
        _sum = _sum with
        {
            Batches = _sum.Batches + next.Batches,
            Uses = _sum.Uses + next.Uses,
            Count = _sum.Count + next.Count,
        };
    }

    private void AddPooled(int channel, LayerMoments next, double delta)
    {
        var total = (double)(_sum.Count + next.Count);
        var distance = next.MeanOffset[channel] + delta - _sum.MeanOffset[channel];
        _sum.Table[(4 * _sum.Channels) + channel] += next.SquaredDeviations[channel] + (distance * distance * _sum.Count * (next.Count / total));
        _sum.Table[(3 * _sum.Channels) + channel] += distance * (next.Count / total);
    }

    private void AddClusters(int channel, LayerMoments next, double delta, double epsilon)
    {
        double Old(int row) => next.Table[((FirstClusterRow + row) * next.Channels) + channel];
        void Add(int row, double value) => _sum.Table[((FirstClusterRow + row) * next.Channels) + channel] += value;

        var square = delta * delta;
        var (weights, weightedMeans) = (Old(0), Old(1) + (delta * Old(0)));
        var weightedSquares = Old(2) + (2 * delta * Old(1)) + (square * Old(0));
        Add(0, weights);
        Add(1, weightedMeans);
        Add(2, weightedSquares);
        Add(3, Old(3) + (3 * delta * Old(2)) + (3 * square * Old(1)) + (square * delta * Old(0)));
        Add(4, Old(4) + (4 * delta * Old(3)) + (6 * square * Old(2)) + (4 * square * delta * Old(1)) + (square * square * Old(0)));
        Add(5, Old(5) + (epsilon * weights));
        Add(6, Old(6) + (delta * Old(5)) + (epsilon * weightedMeans));
        Add(7, Old(7) + (2 * delta * Old(6)) + (square * Old(5)) + (epsilon * weightedSquares));
        Add(8, Old(8) + (2 * epsilon * Old(5)) + (epsilon * epsilon * weights));
        Add(9, Old(9) + (delta * next.Batches));
        Add(10, Old(10) + (2 * delta * Old(9)) + (square * next.Batches));
        Add(11, Old(11) + (epsilon * next.Batches));
        Add(12, Old(12) + (2 * epsilon * Old(11)) + (epsilon * epsilon * next.Batches));
    }

    private static LayerMoments Copy(LayerMoments moments) => moments with { Table = [.. moments.Table] };
}

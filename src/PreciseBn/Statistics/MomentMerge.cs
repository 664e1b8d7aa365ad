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
        var deltas = new double[_sum.Channels];
        var epsilons = new double[_sum.Channels];
        Subtract(next.Origin, _sum.Origin, deltas);
        Subtract(next.ReferenceMean, _sum.ReferenceMean, deltas);
        Subtract(next.ReferenceVariance, _sum.ReferenceVariance, epsilons);
        AddPooled(next, deltas);
        AddClusters(next, deltas, epsilons);
        _sum = _sum with
        {
            Batches = _sum.Batches + next.Batches,
            Uses = _sum.Uses + next.Uses,
            Count = _sum.Count + next.Count,
        };
    }

    private void AddPooled(LayerMoments next, ReadOnlySpan<double> deltas)
    {
        var means = _sum.Table.AsSpan(3 * _sum.Channels, _sum.Channels);
        var squares = _sum.Table.AsSpan(4 * _sum.Channels, _sum.Channels);
        var nextMeans = next.MeanOffset;
        var nextSquares = next.SquaredDeviations;
        var weight = next.Count / (double)(_sum.Count + next.Count);
        for (var channel = 0; channel < deltas.Length; channel++)
        {
            var distance = nextMeans[channel] + deltas[channel] - means[channel];
            squares[channel] += nextSquares[channel] + (distance * distance * _sum.Count * weight);
            means[channel] += distance * weight;
        }
    }

    // One pass over all rows, as a thousand shards of a large model are some gigabytes of them.
    private void AddClusters(LayerMoments next, ReadOnlySpan<double> deltas, ReadOnlySpan<double> epsilons)
    {
        var channels = _sum.Channels;
        var old = next.Table.AsSpan(FirstClusterRow * channels);
        var sum = _sum.Table.AsSpan(FirstClusterRow * channels);
        double batches = next.Batches;
        for (var channel = 0; channel < channels; channel++)
        {
            var (delta, epsilon) = (deltas[channel], epsilons[channel]);
            var square = delta * delta;
            var (w, wd, wdd, wddd) = (old[channel], old[channels + channel], old[(2 * channels) + channel], old[(3 * channels) + channel]);
            var (we, wed, d, u) = (old[(5 * channels) + channel], old[(6 * channels) + channel], old[(9 * channels) + channel], old[(11 * channels) + channel]);
            var means = wd + (delta * w);
            var squares = wdd + (2 * delta * wd) + (square * w);
            sum[channel] += w;
            sum[channels + channel] += means;
            sum[(2 * channels) + channel] += squares;
            sum[(3 * channels) + channel] += wddd + (3 * delta * wdd) + (3 * square * wd) + (square * delta * w);
            sum[(4 * channels) + channel] += old[(4 * channels) + channel] + (4 * delta * wddd) + (6 * square * wdd) + (4 * square * delta * wd) + (square * square * w);
            sum[(5 * channels) + channel] += we + (epsilon * w);
            sum[(6 * channels) + channel] += wed + (delta * we) + (epsilon * means);
            sum[(7 * channels) + channel] += old[(7 * channels) + channel] + (2 * delta * wed) + (square * we) + (epsilon * squares);
            sum[(8 * channels) + channel] += old[(8 * channels) + channel] + (2 * epsilon * we) + (epsilon * epsilon * w);
            sum[(9 * channels) + channel] += d + (delta * batches);
            sum[(10 * channels) + channel] += old[(10 * channels) + channel] + (2 * delta * d) + (square * batches);
            sum[(11 * channels) + channel] += u + (epsilon * batches);
            sum[(12 * channels) + channel] += old[(12 * channels) + channel] + (2 * epsilon * u) + (epsilon * epsilon * batches);
        }
    }

    private static void Subtract(ReadOnlySpan<double> minuend, ReadOnlySpan<double> subtrahend, Span<double> sums)
    {
        for (var channel = 0; channel < sums.Length; channel++)
            sums[channel] += minuend[channel] - subtrahend[channel];
    }

    private static LayerMoments Copy(LayerMoments moments) => moments with { Table = [.. moments.Table] };
}

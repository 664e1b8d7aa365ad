using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>The moments of some batches, decoded from their observations; all float64, one row a batch.</summary>
/// <param name="Means">Batch means, [batches, Width].</param>
/// <param name="Variances">Unbiased batch variances, [batches, Width]; 0 for a batch of one value.</param>
/// <param name="Values">Number of values that went into each column, [batches, Width].</param>
/// <param name="Uses">How often each layer was called, [batches, layers].</param>
internal readonly record struct BatchMoments(Tensor Means, Tensor Variances, Tensor Values, Tensor Uses)
{
    /// <summary>Number of values in all batches, [Width].</summary>
    public Tensor Counts { get; } = Values.sum(dim: 0);

    /// <summary>Mean of the values of all batches, [Width].</summary>
    public Tensor PooledMeans => (Values * Means).sum(dim: 0) / Counts.clamp_min(1);

    /// <summary>Sums of the squared deviations from the batch means, [batches, Width].</summary>
    public Tensor SquaredDeviations { get; } = (Values - 1) * Variances;

    /// <summary>Batch means less a reference, [batches, Width]; 0 where there were no values.</summary>
    public Tensor OffsetsFrom(Tensor reference) => (Means - reference).masked_fill(IsUnused, 0);

    private Tensor IsUnused { get; } = Values == 0;

    /// <summary>Where a mean or variance is NaN or infinite, [batches, Width].</summary>
    public Tensor IsNonFinite() => (Means + Variances).isfinite().logical_not();

    /// <summary>The same without some batches, as if they had reached no layer.</summary>
    /// <param name="isLeftOut">Which, [batches, 1].</param>
    public BatchMoments LeaveOut(Tensor isLeftOut) => new(
        Means.masked_fill(isLeftOut, 0), Variances.masked_fill(isLeftOut, 0), Values.masked_fill(isLeftOut, 0), Uses.masked_fill(isLeftOut, 0));

    /// <summary>The sums of <see cref="Statistics.ClusterSums"/> over the batches, [rows, Width].</summary>
    /// <param name="d">Batch means less the reference.</param>
    /// <param name="referenceVariances">The reference of the variances, [Width].</param>
    public Tensor ClusterSums(Tensor d, Tensor referenceVariances)
    {
        var u = (Variances - referenceVariances).masked_fill(IsUnused, 0);
        var e = ((SquaredDeviations / Values) - referenceVariances).masked_fill(IsUnused, 0);
        var weights = Values.square();
        var (wd, we, dd) = (weights * d, weights * e, d.square());
        var (wdd, wed) = (wd * d, we * d);
        Tensor[] rows =
        [
            weights, wd, wdd, wdd * d, wdd * dd,
            we, wed, wed * d, we * e,
            d, dd, u, u.square(),
        ];
        return stack(rows.Select(row => row.sum(dim: 0)));
    }
}

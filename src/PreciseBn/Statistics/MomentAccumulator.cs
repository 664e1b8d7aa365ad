using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>
/// The moments of all values that reached the observed layers, merged batch by batch in float64 on the device of the
/// model (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances").
/// </summary>
/// <remarks>Means are counted from a reference near them, so that a mean far from 0 costs no digits of the variance.</remarks>
internal sealed class MomentAccumulator : IDisposable
{
    private readonly ObservationLayout _layout;
    private readonly ObservationRules _rules;
    private readonly ObservationBlock _block;
    private readonly Tensor _counts;
    private readonly Tensor _meanOffsets;
    private readonly Tensor _squaredDeviations;
    private readonly Tensor _referenceMeans;
    private readonly Tensor _referenceVariances;
    private readonly Tensor _clusterSums;
    private readonly Tensor _batches;
    private readonly Tensor _uses;
    private readonly Tensor _skipped;

    /// <param name="layout">How observations are laid out.</param>
    /// <param name="dtype">Their number format.</param>
    /// <param name="device">Where they are.</param>
    /// <param name="rules">What is an error in one.</param>
    /// <param name="earlier">How many batches there were before; they are counted on.</param>
    public MomentAccumulator(ObservationLayout layout, ScalarType dtype, Device device, ObservationRules rules, long earlier = 0)
    {
        Added = earlier;
        _layout = layout;
        _rules = rules;
        _block = new ObservationBlock(layout, dtype, device);
        _counts = Zeros([layout.Width], device);
        _meanOffsets = Zeros([layout.Width], device);
        _squaredDeviations = Zeros([layout.Width], device);
        _referenceMeans = Zeros([layout.Width], device);
        _referenceVariances = Zeros([layout.Width], device);
        _clusterSums = Zeros([ClusterSums.Rows, layout.Width], device);
        _batches = Zeros([layout.Channels.Count], device);
        _uses = Zeros([layout.Channels.Count], device);
        _skipped = Zeros([1], device);
    }

    /// <summary>The number of batches added, with those before and those that were skipped.</summary>
    public long Added { get; private set; }

    /// <summary>Adds the observation of a batch, shape [2, Width].</summary>
    /// <returns>What is wrong with a batch since the last look, or <c>null</c>; not every batch is looked at at once.</returns>
    public ObservationFault? Add(Tensor observation)
    {
        _block.Add(observation);
        Added++;
        return _block.IsFull ? Merge() : null;
    }

    /// <summary>Brings the moments up to date with the batches added.</summary>
    /// <returns>What is wrong with a batch, or <c>null</c>.</returns>
    public ObservationFault? Merge()
    {
        if (_block.Count == 0)
            return null;
        using var scope = NewDisposeScope();
        var batches = _block.Decode();
        if (_rules.SkipNonFinite)
            batches = LeaveOutNonFinite(batches);
        if (ObservationFault.Find(batches, _layout, _rules, Added - _block.Count) is { } fault)
            return fault;
        _block.Clear();

        var isNew = (_counts == 0) & (batches.Counts > 0);
        _referenceMeans.copy_(where(isNew, batches.PooledMeans, _referenceMeans));
        var offsets = batches.OffsetsFrom(_referenceMeans);
        Merge(batches.Counts, (batches.Values * offsets).sum(dim: 0) / batches.Counts.clamp_min(1), batches, offsets);
        _referenceVariances.copy_(where(isNew, _squaredDeviations / _counts.clamp_min(1), _referenceVariances));
        _clusterSums.add_(batches.ClusterSums(offsets, _referenceVariances));
        _batches.add_((batches.Uses > 0).sum(dim: 0));
        _uses.add_(batches.Uses.sum(dim: 0));
        return null;
    }

    /// <summary>The moments of each layer, and how many batches were skipped. All that was added must have been merged.</summary>
    /// <param name="shift">What the observed means are less than those of the values, shape [Width]; <c>null</c> is 0.</param>
    public (IReadOnlyList<LayerMoments> Layers, long Skipped) Read(Tensor? shift)
    {
        using var scope = NewDisposeScope();
        var origins = shift ?? zeros_like(_counts);
        var tables = Values(cat([stack([origins, _referenceMeans, _referenceVariances, _meanOffsets, _squaredDeviations]), _clusterSums]));
        var counts = Values(_counts);
        var batches = Values(_batches);
        var uses = Values(_uses);
        var layers = _layout.Starts.Select((start, layer) => new LayerMoments
        {
            Batches = (long)batches[layer],
            Uses = (long)uses[layer],
            Count = (long)counts[start],
            Table = Columns(tables, start, _layout.Channels[layer]),
        });
        return (layers.ToArray(), (long)Values(_skipped)[0]);
    }

    /// <summary>Forgets the moments, but not how many batches were added.</summary>
    public void Clear()
    {
        foreach (var tensor in State)
            tensor.zero_();
    }

    public void Dispose()
    {
        _block.Dispose();
        foreach (var tensor in State)
            tensor.Dispose();
    }

    private Tensor[] State =>
        [_counts, _meanOffsets, _squaredDeviations, _referenceMeans, _referenceVariances, _clusterSums, _batches, _uses, _skipped];

    private BatchMoments LeaveOutNonFinite(BatchMoments batches)
    {
        var isLeftOut = batches.IsNonFinite().any(dim: 1, keepdim: true);
        _skipped.add_(isLeftOut.sum());
        return batches.LeaveOut(isLeftOut);
    }

    private void Merge(Tensor counts, Tensor meanOffsets, BatchMoments batches, Tensor offsets)
    {
        var between = batches.Values * (offsets - meanOffsets).square();
        var total = _counts + counts;
        var weight = counts / total.clamp_min(1);
        var delta = meanOffsets - _meanOffsets;
        _squaredDeviations.add_((batches.SquaredDeviations + between).sum(dim: 0) + (delta.square() * _counts * weight));
        _meanOffsets.add_(delta * weight);
        _counts.copy_(total);
    }

    private double[] Columns(double[] rows, int start, int count)
    {
        var table = new double[LayerMoments.Rows * count];
        for (var row = 0; row < LayerMoments.Rows; row++)
            rows.AsSpan((row * _layout.Width) + start, count).CopyTo(table.AsSpan(row * count));
        return table;
    }

    private static Tensor Zeros(long[] shape, Device device) =>
        zeros(shape, ScalarType.Float64, device).DetachFromDisposeScope();

    private static double[] Values(Tensor tensor) => tensor.cpu().data<double>().ToArray();
}

using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>
/// The moments of all values that reached the observed layers, merged batch by batch in float64 on the device of the
/// model (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances").
/// </summary>
internal sealed class MomentAccumulator : IDisposable
{
    private readonly ObservationLayout _layout;
    private readonly ObservationBlock _block;
    private readonly Tensor _counts;
    private readonly Tensor _means;
    private readonly Tensor _squaredDeviations;
    private readonly Tensor _sumsOfBatchMeans;
    private readonly Tensor _sumsOfBatchVariances;
    private readonly Tensor _batches;

    public MomentAccumulator(ObservationLayout layout, ScalarType dtype, Device device)
    {
        _layout = layout;
        _block = new ObservationBlock(layout, dtype, device);
        _counts = Zeros(layout.Width, device);
        _means = Zeros(layout.Width, device);
        _squaredDeviations = Zeros(layout.Width, device);
        _sumsOfBatchMeans = Zeros(layout.Width, device);
        _sumsOfBatchVariances = Zeros(layout.Width, device);
        _batches = Zeros(layout.Channels.Count, device);
    }

    /// <summary>The number of batches added.</summary>
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
        if (ObservationFault.Find(batches, _layout, Added - _block.Count) is { } fault)
            return fault;
        _block.Clear();

        var counts = batches.Values.sum(dim: 0);
        var means = (batches.Values * batches.Means).sum(dim: 0) / counts.clamp_min(1);
        var within = (batches.Values - 1).clamp_min(0) * batches.Variances;
        var between = batches.Values * (batches.Means - means).square();
        MergeMoments(counts, means, (within + between).sum(dim: 0));

        _sumsOfBatchMeans.add_(batches.Means.sum(dim: 0));
        _sumsOfBatchVariances.add_(batches.Variances.sum(dim: 0));
        _batches.add_((batches.Uses > 0).sum(dim: 0));
        return null;
    }

    /// <summary>The moments of each layer. Everything that was added must have been merged.</summary>
    public IReadOnlyList<LayerMoments> Read()
    {
        var counts = Values(_counts);
        var means = Values(_means);
        var squaredDeviations = Values(_squaredDeviations);
        var sumsOfBatchMeans = Values(_sumsOfBatchMeans);
        var sumsOfBatchVariances = Values(_sumsOfBatchVariances);
        var batches = Values(_batches);
        return _layout.Starts.Select((start, layer) => new LayerMoments
        {
            Batches = (long)batches[layer],
            Count = (long)counts[start],
            Mean = means.AsSpan(start, _layout.Channels[layer]).ToArray(),
            SquaredDeviations = squaredDeviations.AsSpan(start, _layout.Channels[layer]).ToArray(),
            SumOfBatchMeans = sumsOfBatchMeans.AsSpan(start, _layout.Channels[layer]).ToArray(),
            SumOfBatchVariances = sumsOfBatchVariances.AsSpan(start, _layout.Channels[layer]).ToArray(),
        }).ToArray();
    }

    public void Dispose()
    {
        _block.Dispose();
        _counts.Dispose();
        _means.Dispose();
        _squaredDeviations.Dispose();
        _sumsOfBatchMeans.Dispose();
        _sumsOfBatchVariances.Dispose();
        _batches.Dispose();
    }

    private void MergeMoments(Tensor counts, Tensor means, Tensor squaredDeviations)
    {
        var total = _counts + counts;
        var weight = counts / total.clamp_min(1);
        var delta = means - _means;
        _squaredDeviations.add_(squaredDeviations + (delta.square() * _counts * weight));
        _means.add_(delta * weight);
        _counts.copy_(total);
    }

    private static Tensor Zeros(long length, Device device) =>
        zeros(length, ScalarType.Float64, device).DetachFromDisposeScope();

    private static double[] Values(Tensor tensor)
    {
        using var host = tensor.cpu();
        return host.data<double>().ToArray();
    }
}

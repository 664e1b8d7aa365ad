using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>
/// Keeps the observations of some batches, so that the accumulators are brought up to date by a few operations for all
/// of them and not for each.
/// </summary>
internal sealed class ObservationBlock : IDisposable
{
    // Enough batches to spread the cost of the operations, few enough for their float64 copies to stay in the cache.
    private const int Elements = 1 << 16;
    private const int FewestBatches = 8;
    private const int MostBatches = 128;

    private readonly Tensor _observations;
    private readonly Tensor[] _rows;
    private readonly Tensor _layerOfColumn;
    private readonly Tensor _lowColumns;
    private readonly Tensor _highColumns;

    public ObservationBlock(ObservationLayout layout, ScalarType dtype, Device device)
    {
        var capacity = Math.Clamp(Elements / layout.Width, FewestBatches, MostBatches);
        _observations = zeros([capacity, 2, layout.Width], dtype, device).DetachFromDisposeScope();
        _rows = Enumerable.Range(0, capacity).Select(i => _observations.select(0, i).DetachFromDisposeScope()).ToArray();
        _layerOfColumn = Indices(layout.LayerOfColumn(), device);
        _lowColumns = Indices(layout.LowColumns(), device);
        _highColumns = Indices(layout.HighColumns(), device);
    }

    public int Count { get; private set; }

    public bool IsFull => Count == _rows.Length;

    /// <summary>Copies an observation of shape [2, Width] to the end of the block.</summary>
    public void Add(Tensor observation) => _rows[Count++].copy_(observation);

    public void Clear() => Count = 0;

    /// <summary>The moments of the batches in the block; the caller disposes of the tensors, best with a scope.</summary>
    public BatchMoments Decode()
    {
        var observations = _observations.narrow(0, 0, Count).to(ScalarType.Float64);
        var means = observations.select(1, 0);
        var low = means.index_select(1, _lowColumns);
        var high = means.index_select(1, _highColumns);
        var values = high.div(ObservationLayout.UsesModulus).floor().mul(ObservationLayout.LowModulus)
            .add(low.remainder(ObservationLayout.LowModulus))
            .index_select(1, _layerOfColumn);
        return new BatchMoments(
            Means: means,
            // A batch of one value has no unbiased variance; its deviation from its own mean is 0.
            Variances: observations.select(1, 1).masked_fill(values <= 1, 0),
            Values: values,
            Uses: high.remainder(ObservationLayout.UsesModulus).add(low.div(ObservationLayout.LowModulus).floor()));
    }

    public void Dispose()
    {
        foreach (var row in _rows)
            row.Dispose();
        _observations.Dispose();
        _layerOfColumn.Dispose();
        _lowColumns.Dispose();
        _highColumns.Dispose();
    }

    private static Tensor Indices(IEnumerable<long> columns, Device device) =>
        tensor(columns.ToArray(), device: device).DetachFromDisposeScope();
}

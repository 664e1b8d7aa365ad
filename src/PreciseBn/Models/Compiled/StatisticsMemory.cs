using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>The memory of a compiled model's statistics: it puts the tensors of the model there, marks them, and has the cells.</summary>
internal sealed class StatisticsMemory : IDisposable
{
    private readonly StatisticsLayout _layout;
    private readonly IReadOnlyList<CompiledLayer> _layers;
    private readonly IReadOnlyList<IReadOnlyList<Tensor>> _statistics;
    private readonly Tensor _memory;
    private readonly Dictionary<StatisticsBuffer, StatisticsMark> _marks = [];
    private readonly HashSet<StatisticsBuffer> _shared;

    /// <param name="layout">How it is laid out.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="statistics">The tensors of the model, by their indices, with all copies of each.</param>
    /// <param name="device">Where the model is.</param>
    public StatisticsMemory(
        StatisticsLayout layout, IReadOnlyList<CompiledLayer> layers, IReadOnlyList<IReadOnlyList<Tensor>> statistics, Device device)
    {
        _layout = layout;
        _layers = layers;
        _statistics = statistics;
        _memory = zeros(layout.Size, layout.NumberType, device).DetachFromDisposeScope();
        Cells = _memory.narrow(0, 0, layout.Cells).DetachFromDisposeScope();
        _shared = layout.Buffers.Where(layout.HasOtherRows).ToHashSet();
        for (var layer = 0; layer < layers.Count; layer++)
        {
            foreach (var place in new[] { layers[layer].Mean, layers[layer].Variance }.Where(place => place.Piece is null))
                WriteSignature(place, StatisticsMark.Observed, layer);
        }
    }

    /// <summary>All cells.</summary>
    public Tensor Cells { get; }

    /// <summary>Tells the model what to do with each layer.</summary>
    /// <exception cref="PreciseBnException">Layers that lie in one tensor are not marked alike.</exception>
    public void Mark(IReadOnlyList<StatisticsMark> marks)
    {
        var next = new Dictionary<StatisticsBuffer, StatisticsMark>();
        for (var layer = 0; layer < marks.Count; layer++)
        {
            foreach (var place in new[] { _layers[layer].Mean, _layers[layer].Variance })
            {
                if (!next.TryAdd(place.Buffer, marks[layer]) && next[place.Buffer] != marks[layer])
                    throw ModelErrors.RowsApart(_layers[layer].Module);
            }
        }
        foreach (var (buffer, mark) in next.Where(item => _marks.GetValueOrDefault(item.Key) != item.Value))
        {
            var (shape, strides, offset) = _layout.ViewOf(buffer, mark);
            using var view = _memory.as_strided(shape, strides, offset);
            // Rows that are no layer's keep what they have.
            using var values = _shared.Contains(buffer) ? _statistics[_layout.IndexOf(buffer)][0].clone() : null;
            if (_layout.IsCut(buffer))
                WriteSignaturesOfPieces(buffer, mark);
            foreach (var statistics in _statistics[_layout.IndexOf(buffer)])
                statistics.set_(view);
            if (values is not null)
                view.copy_(values);
            _marks[buffer] = mark;
        }
    }

    /// <summary>Puts the statistics of a layer where a mark has them.</summary>
    public void Write(int layer, StatisticsMark mark, double[] mean, double[] variance)
    {
        Write(_layers[layer].Mean, mark, mean);
        Write(_layers[layer].Variance, mark, variance);
    }

    public void Dispose()
    {
        Cells.Dispose();
        _memory.Dispose();
    }

    // They stand elsewhere with each mark.
    private void WriteSignaturesOfPieces(StatisticsBuffer buffer, StatisticsMark mark)
    {
        var (shape, strides, offset) = _layout.ViewOf(buffer, mark);
        using (var all = _memory.narrow(0, offset - 2, shape[0] * _layout.ViewOf(buffer, StatisticsMark.AsSaved).Strides[0]))
            all.zero_();
        for (var layer = 0; layer < _layers.Count; layer++)
        {
            foreach (var place in new[] { _layers[layer].Mean, _layers[layer].Variance }.Where(place => place.Buffer == buffer))
            {
                WriteSignature(place, mark, layer);
                var (cell, values) = _layout.CellsOfPiece(place, mark);
                Write(cell, 1, values);
            }
        }
    }

    private void WriteSignature(StatisticsPlace place, StatisticsMark mark, int layer)
    {
        var (offset, values) = _layout.SignatureOf(place, mark, layer, _layers[layer].Module.Channels);
        Write(offset, 1, values);
    }

    private void Write(StatisticsPlace place, StatisticsMark mark, double[] values)
    {
        var (stride, offset) = _layout.RowOf(place, mark);
        Write(offset, stride, values);
    }

    private void Write(long offset, long stride, double[] values)
    {
        using var row = _memory.as_strided([values.Length], [stride], offset);
        using var source = tensor(values);
        row.copy_(source);
    }
}

/// <summary>Which parts of tensors are the statistics of layers already.</summary>
internal sealed class StatisticsClaims
{
    private readonly Dictionary<StatisticsBuffer, List<(StatisticsPlace Place, long Channels)>> _claims = [];

    /// <returns>Whether they are free, or those of this layer.</returns>
    public bool TryClaim(StatisticsPlace mean, StatisticsPlace variance, long channels)
    {
        if (mean.Hinders(variance, channels, channels) || IsHindered(mean, channels) || IsHindered(variance, channels))
            return false;
        Add(mean, channels);
        Add(variance, channels);
        return true;
    }

    private bool IsHindered(StatisticsPlace place, long channels) =>
        _claims.GetValueOrDefault(place.Buffer)?.Any(other => place.Hinders(other.Place, channels, other.Channels)) == true;

    // Of rows one tells of all.
    private void Add(StatisticsPlace place, long channels)
    {
        if (!_claims.TryGetValue(place.Buffer, out var claims))
            _claims[place.Buffer] = claims = [];
        if (claims.Count == 0 || (place.Piece is not null && !claims.Contains((place, channels))))
            claims.Add((place, channels));
    }
}

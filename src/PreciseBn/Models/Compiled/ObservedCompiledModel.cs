using PreciseBn.Batches;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>
/// A compiled model that is observed. The running means and variances of its observed layers are views into one tensor, so
/// that after a forward pass the statistics of all layers lie side by side.
/// </summary>
internal sealed class ObservedCompiledModel : IObservedModel
{
    private readonly ICompiledModel _model;
    private readonly IReadOnlyList<CompiledLayer> _layers;
    private readonly List<(Tensor Buffer, Tensor Column)> _variancesApart = [];
    private Tensor _observation;
    private Tensor _blank;
    private long _batch;

    /// <param name="model">The model; it is disposed of with this.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="rules">How it is observed.</param>
    /// <param name="device">Where the model is.</param>
    public ObservedCompiledModel(ICompiledModel model, IReadOnlyList<BnModule> layers, ObservationRules rules, Device device)
    {
        _model = model;
        Rules = rules;
        Layers = layers;
        Device = device;
        ObservationType = layers.Any(layer => layer.DType == DType.Float64) ? ScalarType.Float64 : ScalarType.Float32;
        _layers = layers.Select((layer, index) => new CompiledLayer(model, index, layer, device)).ToArray();
        if (rules.MemoryFormat == MemoryFormat.ChannelsLast)
            model.ArrangeWeights();
        _observation = empty(0);
        _blank = empty(0);
        Layout = new ObservationLayout([]);
        Configure(Enumerable.Range(0, layers.Count).ToArray(), new Dictionary<int, (double[], double[])>());
    }

    public IReadOnlyList<BnModule> Layers { get; }

    public ObservationLayout Layout { get; private set; }

    public ScalarType ObservationType { get; }

    public Device Device { get; }

    public ObservationRules Rules { get; }

    public Tensor? Shift { get; private set; }

    public IReadOnlyList<int> Observed { get; private set; } = [];

    public IReadOnlyList<int> Order { get; private set; } = [];

    public void Configure(IReadOnlyList<int> observed, IReadOnlyDictionary<int, (double[] Mean, double[] Variance)> settled)
    {
        using var scope = NewDisposeScope();
        ReleaseObservation();
        _batch = -1;
        Observed = observed;
        Order = [];
        Layout = new ObservationLayout(observed.Select(layer => _layers[layer].Channels).ToArray());
        _blank = zeros([2, Layout.Width], ObservationType, Device).DetachFromDisposeScope();
        _blank.select(0, 0).index_fill_(0, Columns(Layout.UnitColumns()), 1);
        _observation = _blank.clone().DetachFromDisposeScope();
        for (var layer = 0; layer < _layers.Count; layer++)
        {
            if (settled.TryGetValue(layer, out var statistics))
                _layers[layer].Settle(statistics.Mean, statistics.Variance);
            else
                _layers[layer].Release();
        }
        ObserveInto(_observation.select(0, 0), Layout.Starts, ObservationLayout.CounterColumns, FarMeans.None(Layout));
    }

    public Tensor Observe(Batch batch)
    {
        _batch++;
        if (_batch == 0)
            ObserveFirst(batch);
        else
            Run(batch);
        return _observation;
    }

    public void Dispose()
    {
        ReleaseObservation();
        _model.Dispose();
    }

    /// <summary>
    /// Also finds the order of execution: each layer's view has one more column, in which it notes how many calls of
    /// observed layers there were before its own; they are counted in the first element of the tensor. If a mean turns out
    /// to be far from 0, the batch is observed again, counting from it.
    /// </summary>
    private void ObserveFirst(Batch batch)
    {
        using var scope = NewDisposeScope();
        var starts = Layout.Starts.Select((start, layer) => 1 + start + layer).ToArray();
        var trace = zeros(1 + Layout.Width + starts.Length, ObservationType, Device);
        trace.index_fill_(0, Columns(Layout.UnitColumns().Select((column, layer) => 1 + column + layer)), 1);
        ObserveInto(trace, starts, CompiledLayer.TraceColumns, FarMeans.None(Layout));
        Run(batch);

        var noted = trace.to(ScalarType.Float64).cpu().data<double>().ToArray();
        Order = Enumerable.Range(0, starts.Length)
            .Select(layer => (Layer: layer, Call: noted[starts[layer] + Layout.Channels[layer] + ObservationLayout.CounterColumns]))
            .Where(call => call.Call > 0).OrderBy(call => call.Call).Select(call => call.Layer).ToArray();

        var means = _observation.select(0, 0);
        for (var layer = 0; layer < starts.Length; layer++)
        {
            var width = Layout.Channels[layer] + ObservationLayout.CounterColumns;
            means.narrow(0, Layout.Starts[layer], width).copy_(trace.narrow(0, starts[layer], width));
        }
        var far = FarMeans.Find(_observation, Layout);
        ObserveInto(means, Layout.Starts, ObservationLayout.CounterColumns, far);
        if (!far.Any)
            return;
        Shift = far.ToTensor(Device).DetachFromDisposeScope();
        Run(batch);
    }

    private void Run(Batch batch)
    {
        using var scope = NewDisposeScope();
        _observation.copy_(_blank);
        foreach (var (buffer, _) in _variancesApart)
            buffer.zero_();
        _model.Run(Rules.MemoryFormat == MemoryFormat.ChannelsLast ? ChannelsLast.Arrange(batch) : batch, _batch);
        foreach (var (buffer, column) in _variancesApart)
            column.copy_(buffer);
    }

    private void ObserveInto(Tensor means, IReadOnlyList<int> starts, int extraColumns, FarMeans far)
    {
        using var scope = NewDisposeScope();
        ReleaseVariances();
        for (var i = 0; i < Observed.Count; i++)
        {
            var layer = _layers[Observed[i]];
            var variance = _observation.select(0, 1).narrow(0, Layout.Starts[i], layer.Channels);
            if (Rules.AllowReuse || far.Of(i) is not null)
            {
                var buffer = layer.VarianceBuffer(far.Of(i), Rules.AllowReuse, ObservationType);
                _variancesApart.Add((buffer.narrow(0, 0, layer.Channels).DetachFromDisposeScope(), variance.DetachFromDisposeScope()));
                variance = buffer;
            }
            layer.Observe(means.narrow(0, starts[i], layer.Channels + extraColumns), variance);
        }
    }

    private void ReleaseObservation()
    {
        ReleaseVariances();
        _observation.Dispose();
        _blank.Dispose();
        Shift?.Dispose();
        Shift = null;
    }

    private Tensor Columns(IEnumerable<long> columns) => tensor(columns.ToArray(), device: Device);

    private void ReleaseVariances()
    {
        foreach (var (buffer, column) in _variancesApart)
        {
            buffer.Dispose();
            column.Dispose();
        }
        _variancesApart.Clear();
    }
}

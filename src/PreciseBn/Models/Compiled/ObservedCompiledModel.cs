using PreciseBn.Batches;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>
/// A compiled model that is observed. The statistics of its layers lie in one piece of memory, so that after a forward pass
/// those of the batch lie side by side.
/// </summary>
internal sealed class ObservedCompiledModel : IObservedModel
{
    // Batches after which a layer that none has reached is taken for one that is not used.
    private const int MostToLearnFrom = 8;

    // A model that differentiates in its forward pass fails where nothing can be differentiated.
    private static readonly string[] UsersOfGradients =
        ["backward", "grad", "requires_grad_", "retain_grad", "set_grad_enabled", "is_grad_enabled", "is_inference", "_version"];

    private readonly ICompiledModel _model;
    private readonly CompiledSegments? _segments;
    private readonly MemoryOrder _memoryOrder;
    private readonly StatisticsLayout _layout;
    private readonly IReadOnlyList<CompiledLayer> _layers;
    private readonly StatisticsMemory _memory;
    private readonly ModelState _initial;
    private readonly bool _usesGradients;
    private readonly Tensor _fresh;
    private readonly Tensor _shifts;
    private Tensor _blank = empty(0);
    private Tensor _observation = empty(0);
    private Tensor? _cellsOfObservation;
    private IReadOnlyDictionary<int, (double[] Mean, double[] Variance)> _settled = new Dictionary<int, (double[], double[])>();
    private FarMeans _far;
    private bool _isLearning;
    private long _batch;

    /// <param name="model">The model; it is disposed of with this.</param>
    /// <param name="layout">Where its statistics are to lie.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="rules">How it is observed.</param>
    /// <param name="format">The order in memory that it runs in by itself.</param>
    /// <param name="device">Where the model is.</param>
    /// <param name="calls">Whether its code calls a function of libtorch.</param>
    public ObservedCompiledModel(
        ICompiledModel model, StatisticsLayout layout, IReadOnlyList<CompiledLayer> layers, ObservationRules rules, MemoryFormat format, Device device,
        Func<string, bool> calls)
    {
        _model = model;
        _usesGradients = UsersOfGradients.Any(calls);
        _segments = model is ISegmentedModel { Segments.Count: > 0 } segmented ? new CompiledSegments(segmented) : null;
        _memoryOrder = new MemoryOrder(model, rules.MemoryFormat == MemoryFormat.Auto ? format : rules.MemoryFormat);
        _layout = layout;
        _layers = layers;
        Rules = rules;
        Layers = layers.Select(layer => layer.Module).ToArray();
        Device = device;
        Layout = layout.Observation;
        _far = FarMeans.None(Layout);
        _initial = model.CopyState();
        _memory = new StatisticsMemory(layout, layers, model.Statistics, device);
        _fresh = _memory.Cells.narrow(0, 0, layout.FreshCells).DetachFromDisposeScope();
        _shifts = _memory.Cells.narrow(0, layout.FreshCells, layout.FreshCells - 1).DetachFromDisposeScope();
        Configure(Enumerable.Range(0, layers.Count).ToArray(), _settled);
    }

    public IReadOnlyList<BnModule> Layers { get; }

    public ObservationLayout Layout { get; private set; }

    public ScalarType ObservationType => _layout.NumberType;

    public Device Device { get; }

    public ObservationRules Rules { get; }

    public string? Note => _memoryOrder.Note;

    public IModelSegments? Segments => _segments;

    public Tensor? Shift { get; private set; }

    public IReadOnlyList<int> Observed { get; private set; } = [];

    public IReadOnlyList<int> Order { get; private set; } = [];

    public void Configure(IReadOnlyList<int> observed, IReadOnlyDictionary<int, (double[] Mean, double[] Variance)> settled)
    {
        using var scope = NewDisposeScope();
        // Each pass over the data begins with the model as it was saved.
        _model.SetState(_initial);
        ReleaseObservation();
        _batch = -1;
        _settled = settled;
        Observed = observed;
        Order = [];
        Layout = new ObservationLayout(observed.Select(layer => Layers[layer].Channels).ToArray());
        _far = FarMeans.None(Layout);
        _blank = zeros_like(_fresh).DetachFromDisposeScope();
        foreach (var layer in observed)
            _blank.narrow(0, CellOf(_layers[layer].Mean) + Layers[layer].Channels, ObservationLayout.CounterColumns)
                .copy_(tensor(ObservationLayout.Encode(0, 0)));
        _shifts.zero_();
        if (_layout.IsRegular && observed.SequenceEqual(Enumerable.Range(0, Layers.Count)))
        {
            _observation = _fresh.narrow(0, 1, 2 * Layout.Width).reshape(2, Layout.Width).DetachFromDisposeScope();
        }
        else
        {
            _observation = zeros([2, Layout.Width], ObservationType, Device).DetachFromDisposeScope();
            _cellsOfObservation = tensor(CellsOfObservation().ToArray(), device: Device).DetachFromDisposeScope();
        }
        Mark(isLearning: true);
    }

    public Tensor Observe(Batch batch)
    {
        // What is made here stays here, so that libtorch need not keep account of it.
        using var inference = _usesGradients ? null : inference_mode();
        using var scope = NewDisposeScope();
        _batch++;
        if (_isLearning)
            Learn(batch);
        else if (batch.IsOwned)
            Run(batch);
        else
            RunCopy(batch);
        return _observation;
    }

    public IModelState CopyState() => new CompiledState(_model, _batch, batch => _batch = batch);

    /// <inheritdoc cref="ICompiledModel.TakeOutput"/>
    public Tensor TakeOutput() => _model.TakeOutput();

    public void Dispose()
    {
        ReleaseObservation();
        _fresh.Dispose();
        _shifts.Dispose();
        _initial.Dispose();
        _memory.Dispose();
        _segments?.Dispose();
        _model.Dispose();
    }

    /// <summary>
    /// Also finds the order of execution. If a mean turns out to be far from 0, the batch is observed again, counting from it.
    /// Numbers that are not finite tell nothing of the data: then the next batch has to, if there is to be one.
    /// </summary>
    private void Learn(Batch batch)
    {
        using var before = _model.CopyState();
        RunCopy(batch);
        using var host = _observation.to(ScalarType.Float64).cpu();
        var observed = host.data<double>().ToArray();
        if (_batch == 0)
            Order = InOrder(observed);
        if (!observed.All(double.IsFinite))
            return;
        var isNew = _far.Add(observed);
        if (isNew)
        {
            SetShift();
            _model.SetState(before);
            RunCopy(batch);
        }
        if (_far.AreAllKnown || _batch + 1 >= MostToLearnFrom)
            Mark(isLearning: false);
    }

    private int[] InOrder(double[] observed) => Layout.OrderColumns
        .Select((column, layer) => (Layer: layer, Call: observed[column]))
        .Where(call => call.Call > 0).OrderBy(call => call.Call).Select(call => call.Layer).ToArray();

    private void RunCopy(Batch batch)
    {
        using var copy = _segments is { KeepsBatches: true } ? null : batch.Copy();
        Run(copy ?? batch);
    }

    private void Run(Batch batch)
    {
        if (_segments?.Current is null)
            _memoryOrder.Run(batch, _batch, () => _fresh.copy_(_blank));
        else
            RunSegment(_segments, batch);
        if (_cellsOfObservation is { } cells)
            _observation.copy_(_memory.Cells.index_select(0, cells).reshape(2, Layout.Width));
    }

    // The whole has run before, and so decided on the order in memory.
    private void RunSegment(CompiledSegments segments, Batch batch)
    {
        _fresh.copy_(_blank);
        segments.Run(segments.KeepsBatches ? batch : _memoryOrder.Arrange(batch), _batch);
    }

    private void SetShift()
    {
        Shift?.Dispose();
        Shift = _far.ToTensor(Device).DetachFromDisposeScope();
        for (var i = 0; i < Observed.Count; i++)
        {
            if (_far.Of(i) is { } means)
                _shifts.narrow(0, CellOf(_layers[Observed[i]].Mean) - 1, means.Length).copy_(tensor(means));
        }
    }

    private void Mark(bool isLearning)
    {
        _isLearning = isLearning;
        var marks = Enumerable.Repeat(StatisticsMark.AsSaved, _layers.Count).ToArray();
        foreach (var layer in _settled.Keys)
            marks[layer] = StatisticsMark.Settled;
        for (var i = 0; i < Observed.Count; i++)
        {
            var isUsual = !isLearning && !Rules.AllowReuse && _far.Of(i) is null && _layout.IsRegular;
            marks[Observed[i]] = _settled.ContainsKey(Observed[i]) ? StatisticsMark.Checked
                : isUsual ? StatisticsMark.Observed : StatisticsMark.Studied;
        }
        if (!isLearning && EndsEarly)
            marks[Observed[Order[^1]]] = StatisticsMark.Last;
        _memory.Mark(marks);
        for (var layer = 0; layer < _layers.Count; layer++)
        {
            var (mean, variance) = _settled.GetValueOrDefault(layer, (Layers[layer].Mean, Layers[layer].Variance));
            _memory.Write(layer, marks[layer], mean, variance);
        }
    }

    // Of one that no batch has reached yet, nobody knows where it comes.
    private bool EndsEarly => Rules.EndsEarly && _segments?.Current is null && Observed.Count < Layers.Count && Order.Count == Observed.Count;

    private int CellOf(StatisticsPlace place) => _layout.CellOf(place);

    private IEnumerable<long> CellsOfObservation() => Observed.Select(layer => (Layer: layer, Cell: CellOf(_layers[layer].Mean)))
        .Concat(Observed.Select(layer => (Layer: layer, Cell: CellOf(_layers[layer].Variance))))
        .SelectMany(start => Enumerable.Range(start.Cell, Layers[start.Layer].Channels + ObservationLayout.CounterColumns).Select(cell => (long)cell));

    private void ReleaseObservation()
    {
        _observation.Dispose();
        _blank.Dispose();
        _cellsOfObservation?.Dispose();
        _cellsOfObservation = null;
        Shift?.Dispose();
        Shift = null;
    }
}

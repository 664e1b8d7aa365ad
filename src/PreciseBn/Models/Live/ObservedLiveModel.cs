using System.Runtime.InteropServices;
using PreciseBn.Batches;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>A TorchSharp model in memory; its layers are observed through hooks.</summary>
internal sealed class ObservedLiveModel : IObservedModel
{
    // Batches after which a layer that none has reached is taken for one that is not used.
    private const int MostToLearnFrom = 8;

    private readonly string _name;
    private readonly ForwardCall _forward;
    private readonly LiveLayer[] _layers;
    private readonly IReadOnlyList<nn.Module> _modules;
    private readonly ModelSnapshot _saved;
    private readonly List<LayerState> _states = [];
    private readonly List<LiveObserver> _observers = [];
    private readonly List<int> _order = [];
    private readonly ForeignCode _foreign = new();
    private Tensor _observation = empty(0);
    private (double[] Numbers, Tensor OnDevice)? _counters;
    private FarMeans _far;
    private bool _isLearning;
    private long _batch;

    public ObservedLiveModel(string name, IReadOnlyList<BnModule> layers, ObservationRules rules, Device device)
    {
        _name = name;
        Rules = rules;
        Layers = layers;
        Device = device;
        _layers = layers.Select(layer => layer.Live!).ToArray();
        _forward = new ForwardCall(_layers[0].Root);
        ObservationType = layers.Any(layer => layer.DType == DType.Float64) ? ScalarType.Float64 : ScalarType.Float32;
        _modules = ModelSnapshot.ModulesOf(_layers[0].Root);
        _saved = new ModelSnapshot(_layers[0].Root);
        Layout = new ObservationLayout([]);
        _far = FarMeans.None(Layout);
        try
        {
            Configure(Enumerable.Range(0, layers.Count).ToArray(), new Dictionary<int, (double[], double[])>());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<BnModule> Layers { get; }

    public ObservationLayout Layout { get; private set; }

    public ScalarType ObservationType { get; }

    public Device Device { get; }

    public ObservationRules Rules { get; }

    public string? Note => null;

    public Tensor? Shift { get; private set; }

    public IReadOnlyList<int> Observed { get; private set; } = [];

    public IReadOnlyList<int> Order => _order;

    public void Configure(IReadOnlyList<int> observed, IReadOnlyDictionary<int, (double[] Mean, double[] Variance)> settled)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        Release();
        _batch = -1;
        _order.Clear();
        Observed = observed;
        Layout = new ObservationLayout(observed.Select(layer => Layers[layer].Channels).ToArray());
        _far = FarMeans.None(Layout);
        _isLearning = true;
        _observation = zeros([2, Layout.Width], ObservationType, Device).DetachFromDisposeScope();
        for (var i = 0; i < observed.Count; i++)
        {
            var index = i;
            var observer = new LiveObserver(_layers[observed[i]].Layer, Rules.AllowReuse, settled.ContainsKey(observed[i]));
            _observers.Add(observer);
            _states.Add(LayerState.Observe(_layers[observed[i]].Layer, observer.Before, () => After(index)));
        }
        // An observed layer may be settled too, and is in evaluation mode then.
        foreach (var (layer, statistics) in settled)
            _states.Add(LayerState.Settle(_layers[layer].Layer, statistics.Mean, statistics.Variance));
    }

    public IModelState CopyState() => new LiveState(_layers[0].Root, _batch, batch => _batch = batch);

    public Tensor Observe(Batch batch)
    {
        _batch++;
        if (!_isLearning)
        {
            Run(batch, isCopied: !batch.IsOwned);
            return _observation;
        }
        using var before = new ModelSnapshot(_layers[0].Root);
        Run(batch, isCopied: true);
        if (_batch == 0)
            RefuseUnseenCalls(before);
        if (HasNewFarMeans())
        {
            CountFromFarMeans();
            before.Restore();
            Run(batch, isCopied: true);
        }
        before.LetGo();
        return _observation;
    }

    public void Dispose()
    {
        Release();
        _observation.Dispose();
        _saved.Dispose();
    }

    private bool HasNewFarMeans()
    {
        using var scope = NewDisposeScope();
        var observed = _observation.to(ScalarType.Float64).cpu().data<double>().ToArray();
        // Numbers that are not finite tell nothing of the data: then the next batch has to.
        if (!observed.All(double.IsFinite))
            return false;
        var isNew = _far.Add(observed);
        _isLearning = !_far.AreAllKnown && _batch + 1 < MostToLearnFrom;
        return isNew;
    }

    private void CountFromFarMeans()
    {
        Shift?.Dispose();
        Shift = _far.ToTensor(Device).DetachFromDisposeScope();
        for (var i = 0; i < _observers.Count; i++)
        {
            if (_far.Of(i) is { } means)
                _observers[i].CountFrom(means);
        }
    }

    // The model may change what it is given.
    private void Run(Batch batch, bool isCopied)
    {
        if (batch.Inputs.Count != _forward.InputNames.Count)
            throw ModelErrors.WrongInputCount(_name, _batch, _forward.InputNames, batch.Inputs.Count);
        foreach (var observer in _observers)
            observer.StartBatch();
        try
        {
            var inputs = batch.Inputs.Select(input => Arrange(input, isCopied)).ToArray();
            using var gradients = new PausedGradients(_modules);
            _foreign.Run(() => _forward.Invoke(inputs), BytesOfTensor);
        }
        catch (Exception e) when (e is ExternalException or ArgumentException or InvalidOperationException)
        {
            throw ModelErrors.ForwardFailed(_name, batch.Describe(_batch), e);
        }
        CollectStatistics();
    }

    // It is where the model is.
    private Tensor Arrange(Tensor input, bool isCopied)
    {
        using var scope = NewDisposeScope();
        var arranged = isCopied ? input.clone() : input;
        if (Rules.MemoryFormat == MemoryFormat.ChannelsLast)
            arranged = ChannelsLast.TryArrange(arranged) ?? arranged;
        return ForeignCode.Give(arranged);
    }

    private long BytesOfTensor() => _observers.Select(observer => observer.LargestInput).DefaultIfEmpty().Max();

    private void CollectStatistics()
    {
        using var scope = NewDisposeScope();
        _observation.zero_();
        var counters = Counters();
        for (var i = 0; i < _observers.Count; i++)
        {
            if (_observers[i].Uses == 0)
                continue;
            var channels = Layout.Channels[i];
            _observation.select(0, 0).narrow(0, Layout.Starts[i], channels).copy_(_observers[i].Mean);
            _observation.select(0, 1).narrow(0, Layout.Starts[i], channels).copy_(_observers[i].Variance);
            _observation.select(0, 0).narrow(0, Layout.Starts[i] + channels, ObservationLayout.CounterColumns)
                .copy_(counters.narrow(0, i * ObservationLayout.CounterColumns, ObservationLayout.CounterColumns));
        }
    }

    // Batches of one size have the same, so that these need not go to the device each time.
    private Tensor Counters()
    {
        var numbers = _observers.SelectMany(observer => ObservationLayout.Encode(observer.Values, observer.Uses, observer.Singles)).ToArray();
        if (_counters is { } last && last.Numbers.SequenceEqual(numbers))
            return last.OnDevice;
        _counters?.OnDevice.Dispose();
        var counters = tensor(numbers, ObservationType, Device).DetachFromDisposeScope();
        _counters = (numbers, counters);
        return counters;
    }

    private void After(int index)
    {
        _observers[index].After();
        if (_batch == 0 && !_order.Contains(index))
            _order.Add(index);
    }

    private void RefuseUnseenCalls(ModelSnapshot before)
    {
        foreach (var (observer, index) in _observers.Zip(Observed).Where(item => !item.First.WasCalled))
        {
            var layer = _layers[index].Layer;
            if (layer.num_batches_tracked is { } tracked && before.HasChanged(tracked))
                throw ModelErrors.CalledWithoutHooks(_name, Layers[index].Name);
            if (before.HasChanged(layer.running_mean!) || before.HasChanged(layer.running_var!))
                throw ModelErrors.StatisticsWithoutLayer(_name, Layers[index].Name);
        }
    }

    private void Release()
    {
        foreach (var state in Enumerable.Reverse(_states))
            state.Dispose();
        foreach (var observer in _observers)
            observer.Dispose();
        _states.Clear();
        _observers.Clear();
        _saved.Restore();
        _observation.Dispose();
        _counters?.OnDevice.Dispose();
        _counters = null;
        Shift?.Dispose();
        Shift = null;
    }
}

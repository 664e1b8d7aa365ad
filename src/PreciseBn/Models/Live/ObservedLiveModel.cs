using System.Runtime.InteropServices;
using PreciseBn.Data;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>A TorchSharp model in memory; its layers are observed through hooks.</summary>
internal sealed class ObservedLiveModel : IObservedModel
{
    private readonly string _name;
    private readonly ForwardCall _forward;
    private readonly LiveLayer[] _layers;
    private readonly BufferSnapshot _buffers;
    private readonly List<LayerState> _states = [];
    private readonly long[] _values;
    private readonly long[] _uses;
    private readonly List<int> _order = [];
    private readonly Tensor _observation;
    private long _batch = -1;

    public ObservedLiveModel(string name, IReadOnlyList<BnModule> layers, Device device)
    {
        _name = name;
        Layers = layers;
        Device = device;
        _layers = layers.Select(layer => layer.Live!).ToArray();
        _forward = new ForwardCall(_layers[0].Root);
        Layout = new ObservationLayout(layers.Select(layer => layer.Channels).ToArray());
        ObservationType = layers.Any(layer => layer.DType == DType.Float64) ? ScalarType.Float64 : ScalarType.Float32;
        _values = new long[layers.Count];
        _uses = new long[layers.Count];
        _observation = zeros([2, Layout.Width], ObservationType, device).DetachFromDisposeScope();
        _buffers = new BufferSnapshot(_layers[0].Root);
        try
        {
            for (var i = 0; i < _layers.Length; i++)
            {
                var layer = i;
                _states.Add(new LayerState(_layers[layer].Layer, input => Count(layer, input)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<BnModule> Layers { get; }

    public ObservationLayout Layout { get; }

    public ScalarType ObservationType { get; }

    public Device Device { get; }

    public IReadOnlyList<int> Order => _order;

    public Tensor Observe(Batch batch)
    {
        using var scope = NewDisposeScope();
        _batch++;
        Array.Clear(_values);
        Array.Clear(_uses);
        Run(batch);
        if (_batch == 0)
            RefuseUnseenCalls();

        var counters = tensor(_values.Zip(_uses).SelectMany(Encode).ToArray(), ObservationType, Device);
        var means = _layers.SelectMany((layer, index) => new[]
        {
            layer.Layer.running_mean!.to(ObservationType),
            counters.narrow(0, index * ObservationLayout.CounterColumns, ObservationLayout.CounterColumns),
        });
        var variances = _layers.SelectMany((layer, index) => new[]
        {
            layer.Layer.running_var!.to(ObservationType),
            counters.narrow(0, index * ObservationLayout.CounterColumns, ObservationLayout.CounterColumns),
        });
        _observation.copy_(stack([cat(means.ToArray()), cat(variances.ToArray())]));
        return _observation;
    }

    public void Dispose()
    {
        foreach (var state in _states)
            state.Dispose();
        _buffers.Dispose();
        _observation.Dispose();
    }

    private void Run(Batch batch)
    {
        if (batch.Inputs.Count != _forward.InputNames.Count)
            throw ModelErrors.WrongInputCount(_name, _batch, _forward.InputNames, batch.Inputs.Count);
        try
        {
            _forward.Invoke(batch.Inputs.Select(input => input.to(Device)).ToArray());
        }
        catch (Exception e) when (e is ExternalException or ArgumentException or InvalidOperationException)
        {
            throw ModelErrors.ForwardFailed(_name, batch.Describe(_batch), e);
        }
    }

    private void RefuseUnseenCalls()
    {
        for (var layer = 0; layer < _uses.Length; layer++)
        {
            if (_uses[layer] == 0 && _layers[layer].Layer.num_batches_tracked is { } tracked && _buffers.HasChanged(tracked))
                throw ModelErrors.CalledWithoutHooks(_name, Layers[layer].Name);
        }
    }

    private void Count(int layer, Tensor input)
    {
        _values[layer] += input.numel() / input.shape[1];
        _uses[layer]++;
        if (_batch == 0)
            _order.Add(layer);
    }

    private static double[] Encode((long Values, long Uses) count) =>
    [
        count.Values % ObservationLayout.LowModulus,
        (count.Values / ObservationLayout.LowModulus * ObservationLayout.UsesModulus) + count.Uses,
    ];
}

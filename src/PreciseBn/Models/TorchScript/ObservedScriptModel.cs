using System.Runtime.InteropServices;
using PreciseBn.Data;
using PreciseBn.Native;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// An instrumented TorchScript model. The running means and variances of its observed layers are views into one tensor, so
/// that after a forward pass the statistics of all layers lie side by side.
/// </summary>
internal sealed class ObservedScriptModel : IObservedModel
{
    private readonly string _path;
    private readonly ForwardMethod _forward;
    private readonly ScalarType? _inputType;
    private readonly jit.ScriptModule _module;
    private readonly IReadOnlyList<ScriptLayer> _layers;
    private readonly List<(Tensor Buffer, Tensor Column)> _variancesApart = [];
    private Tensor _observation;
    private long _batch;

    private ObservedScriptModel(string path, jit.ScriptModule module, IReadOnlyList<BnModule> layers, ForwardMethod forward,
        DType? inputType, ObservationRules rules, Device device)
    {
        _path = path;
        _forward = forward;
        _inputType = inputType?.ToScalarType();
        Rules = rules;
        _module = module;
        Layers = layers;
        Device = device;
        ObservationType = layers.Any(layer => layer.DType == DType.Float64) ? ScalarType.Float64 : ScalarType.Float32;
        _layers = FindLayers();
        _observation = empty(0);
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

    /// <param name="path">Path of the model, for messages.</param>
    /// <param name="writeInstrumented">Writes the instrumented archive.</param>
    /// <param name="layers">The layers to observe.</param>
    /// <param name="forward">What the model takes.</param>
    /// <param name="inputType">The floating-point type that it computes in; <c>null</c> if it has no parameters.</param>
    /// <param name="rules">What is an error in an observation.</param>
    /// <param name="device">Where it is to run.</param>
    public static ObservedScriptModel Load(string path, Action<Stream> writeInstrumented, IReadOnlyList<BnModule> layers,
        ForwardMethod forward, DType? inputType, ObservationRules rules, Device device)
    {
        var copy = Path.Combine(Path.GetTempPath(), $"precise-bn-{Guid.NewGuid():N}.pt");
        try
        {
            using (var stream = File.Create(copy))
                writeInstrumented(stream);
            var module = UncaughtExceptions.Catch(() => jit.load(copy, device));
            try
            {
                return new ObservedScriptModel(path, module, layers, forward, inputType, rules, device);
            }
            catch
            {
                module.Dispose();
                throw;
            }
        }
        catch (ExternalException e)
        {
            throw ModelErrors.CannotLoad(path, e);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    public void Configure(IReadOnlyList<int> observed, IReadOnlyDictionary<int, (double[] Mean, double[] Variance)> settled)
    {
        using var scope = NewDisposeScope();
        ReleaseObservation();
        _batch = -1;
        Observed = observed;
        Order = [];
        Layout = new ObservationLayout(observed.Select(layer => _layers[layer].Channels).ToArray());
        _observation = zeros([2, Layout.Width], ObservationType, Device).DetachFromDisposeScope();
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
        foreach (var module in _layers.Select(layer => layer.Module).Append(_module).Distinct())
            module.Dispose();
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
        ObserveInto(trace, starts, ScriptLayer.TraceColumns, FarMeans.None(Layout));
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
        if (batch.Inputs.Count < _forward.RequiredNames.Count || batch.Inputs.Count > _forward.Parameters.Count)
            throw ModelErrors.WrongInputCount(_path, _batch, _forward.RequiredNames, batch.Inputs.Count);
        using var scope = NewDisposeScope();
        _observation.zero_();
        foreach (var (buffer, _) in _variancesApart)
            buffer.zero_();
        try
        {
            var inputs = new object[batch.Inputs.Count];
            for (var i = 0; i < inputs.Length; i++)
                inputs[i] = Convert(batch.Inputs[i]);
            _module.invoke(ScriptInstrumentation.ObserveMethod, inputs);
        }
        catch (ExternalException e)
        {
            throw ModelErrors.ForwardFailed(_path, batch.Describe(_batch), e);
        }
        foreach (var (buffer, column) in _variancesApart)
            column.copy_(buffer);
    }

    private Tensor Convert(Tensor input) =>
        _inputType is { } type && input.is_floating_point() ? input.to(type, Device) : input.to(Device);

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
        Shift?.Dispose();
        Shift = null;
    }

    private void ReleaseVariances()
    {
        foreach (var (buffer, column) in _variancesApart)
        {
            buffer.Dispose();
            column.Dispose();
        }
        _variancesApart.Clear();
    }

    private ScriptLayer[] FindLayers()
    {
        var modules = _module.named_modules().ToDictionary(item => item.name, item => (jit.ScriptModule)item.module);
        // The root is not among them; it is a layer only if the model is nothing else.
        var found = Layers.Select(layer => layer.Name.Length == 0 ? _module : modules[layer.Name]).ToArray();
        foreach (var other in modules.Values.Except(found))
            other.Dispose();
        return found.Zip(Layers, (module, layer) => new ScriptLayer(module, layer, Device)).ToArray();
    }
}

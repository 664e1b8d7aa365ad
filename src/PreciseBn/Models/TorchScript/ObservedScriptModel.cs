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
    private const int OrderColumns = 1;

    private readonly string _path;
    private readonly ForwardMethod _forward;
    private readonly ScalarType? _inputType;
    private readonly jit.ScriptModule _module;
    private readonly IReadOnlyList<jit.ScriptModule> _observed;
    private readonly Tensor _observation;
    private long _batch = -1;

    private ObservedScriptModel(
        string path, jit.ScriptModule module, IReadOnlyList<BnModule> layers, ForwardMethod forward, DType? inputType, Device device)
    {
        _path = path;
        _forward = forward;
        _inputType = inputType?.ToScalarType();
        _module = module;
        Layers = layers;
        Device = device;
        Layout = new ObservationLayout(layers.Select(layer => layer.Channels).ToArray());
        ObservationType = layers.Any(layer => layer.DType == DType.Float64) ? ScalarType.Float64 : ScalarType.Float32;
        _observed = FindLayers();
        _observation = zeros([2, Layout.Width], ObservationType, device).DetachFromDisposeScope();
    }

    public IReadOnlyList<BnModule> Layers { get; }

    public ObservationLayout Layout { get; }

    public ScalarType ObservationType { get; }

    public Device Device { get; }

    public IReadOnlyList<int> Order { get; private set; } = [];

    /// <param name="path">Path of the model, for messages.</param>
    /// <param name="writeInstrumented">Writes the instrumented archive.</param>
    /// <param name="layers">The layers to observe.</param>
    /// <param name="forward">What the model takes.</param>
    /// <param name="inputType">The floating-point type that it computes in; <c>null</c> if it has no parameters.</param>
    /// <param name="device">Where it is to run.</param>
    public static ObservedScriptModel Load(
        string path, Action<Stream> writeInstrumented, IReadOnlyList<BnModule> layers, ForwardMethod forward, DType? inputType, Device device)
    {
        var copy = Path.Combine(Path.GetTempPath(), $"precise-bn-{Guid.NewGuid():N}.pt");
        try
        {
            using (var stream = File.Create(copy))
                writeInstrumented(stream);
            var module = UncaughtExceptions.Catch(() => jit.load(copy, device));
            try
            {
                return new ObservedScriptModel(path, module, layers, forward, inputType, device);
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

    public Tensor Observe(Batch batch)
    {
        _observation.zero_();
        _batch++;
        if (_batch == 0)
            ObserveFirst(batch);
        else
            Run(batch);
        return _observation;
    }

    public void Dispose()
    {
        _observation.Dispose();
        foreach (var module in _observed.Append(_module).Distinct())
            module.Dispose();
    }

    /// <summary>
    /// Also finds the order of execution: each layer's view has one more column, in which it notes how many calls of
    /// observed layers there were before its own; they are counted in the first element of the tensor.
    /// </summary>
    private void ObserveFirst(Batch batch)
    {
        using var scope = NewDisposeScope();
        var extraColumns = ObservationLayout.CounterColumns + OrderColumns;
        var starts = Layout.Starts.Select((start, layer) => 1 + start + (layer * OrderColumns)).ToArray();
        var trace = zeros(1 + Layout.Width + (starts.Length * OrderColumns), ObservationType, Device);
        ObserveInto(trace, starts, extraColumns);
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
        ObserveInto(means, Layout.Starts, ObservationLayout.CounterColumns);
    }

    private void Run(Batch batch)
    {
        if (batch.Inputs.Count < _forward.RequiredNames.Count || batch.Inputs.Count > _forward.Parameters.Count)
            throw ModelErrors.WrongInputCount(_path, _batch, _forward.RequiredNames, batch.Inputs.Count);
        using var scope = NewDisposeScope();
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
    }

    private Tensor Convert(Tensor input) =>
        _inputType is { } type && input.is_floating_point() ? input.to(type, Device) : input.to(Device);

    private void ObserveInto(Tensor means, IReadOnlyList<int> starts, int extraColumns)
    {
        using var scope = NewDisposeScope();
        var variances = _observation.select(0, 1);
        for (var layer = 0; layer < _observed.Count; layer++)
        {
            var channels = Layout.Channels[layer];
            _observed[layer].set_attribute("running_mean", means.narrow(0, starts[layer], channels + extraColumns));
            _observed[layer].set_attribute("running_var", variances.narrow(0, Layout.Starts[layer], channels));
        }
    }

    private jit.ScriptModule[] FindLayers()
    {
        var modules = _module.named_modules().ToDictionary(item => item.name, item => (jit.ScriptModule)item.module);
        // The root is not among them; it is a layer only if the model is nothing else.
        var found = Layers.Select(layer => layer.Name.Length == 0 ? _module : modules[layer.Name]).ToArray();
        foreach (var other in modules.Values.Except(found))
            other.Dispose();
        return found;
    }
}

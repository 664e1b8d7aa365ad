using System.Runtime.InteropServices;
using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Models.Compiled;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.TorchScript;

/// <summary>An instrumented TorchScript model, loaded by libtorch.</summary>
internal sealed class CompiledScript : ICompiledModel
{
    private readonly string _path;
    private readonly ForwardMethod _forward;
    private readonly ScalarType? _inputType;
    private readonly Device _device;
    private readonly jit.ScriptModule _module;
    private readonly IReadOnlyList<jit.ScriptModule> _layers;

    private CompiledScript(
        string path, jit.ScriptModule module, IEnumerable<string> layers, ForwardMethod forward, ScalarType? inputType, Device device)
    {
        _path = path;
        _forward = forward;
        _inputType = inputType;
        _device = device;
        _module = module;
        _layers = FindLayers(layers);
    }

    /// <param name="path">Path of the model, for messages.</param>
    /// <param name="writeInstrumented">Writes the instrumented archive.</param>
    /// <param name="layers">Names of the layers to observe.</param>
    /// <param name="forward">What the model takes.</param>
    /// <param name="inputType">The floating-point type that it computes in; <c>null</c> if it has no parameters.</param>
    /// <param name="device">Where it is to run.</param>
    /// <exception cref="PreciseBnException">libtorch does not load it, or there is no room for a copy of it.</exception>
    public static CompiledScript Load(string path, Action<Stream> writeInstrumented, IEnumerable<string> layers,
        ForwardMethod forward, ScalarType? inputType, Device device)
    {
        using var copy = new TemporaryModel(path, writeInstrumented);
        try
        {
            var module = UncaughtExceptions.Catch(() =>
                copy.NarrowPath is { } narrow ? jit.load(narrow, device) : jit.load(copy.ReadAll(), device));
            return new CompiledScript(path, module, layers, forward, inputType, device);
        }
        catch (ExternalException e)
        {
            throw ModelErrors.CannotLoad(path, e);
        }
    }

    public void SetBuffers(int layer, Tensor mean, Tensor variance)
    {
        _layers[layer].set_attribute("running_mean", mean);
        _layers[layer].set_attribute("running_var", variance);
    }

    public void ArrangeWeights()
    {
        using var scope = NewDisposeScope();
        foreach (var (_, weight) in _module.named_parameters())
        {
            if (ChannelsLast.TryArrange(weight) is { } arranged)
                weight.set_(arranged);
        }
    }

    public void Run(Batch batch, long index)
    {
        if (batch.Inputs.Count < _forward.RequiredNames.Count || batch.Inputs.Count > _forward.Parameters.Count)
            throw ModelErrors.WrongInputCount(_path, index, _forward.RequiredNames, batch.Inputs.Count);
        using var scope = NewDisposeScope();
        using var unoptimized = GraphExecutor.RunUnoptimized();
        try
        {
            var inputs = new object[batch.Inputs.Count];
            for (var i = 0; i < inputs.Length; i++)
                inputs[i] = Convert(batch.Inputs[i]);
            _module.invoke(ScriptInstrumentation.ObserveMethod, inputs);
        }
        catch (ExternalException e)
        {
            throw ModelErrors.ForwardFailed(_path, batch.Describe(index), e);
        }
    }

    public void Dispose()
    {
        foreach (var module in _layers.Append(_module).Distinct())
            ScriptModules.Release(module);
    }

    private Tensor Convert(Tensor input) =>
        _inputType is { } type && input.is_floating_point() ? input.to(type, _device) : input.to(_device);

    private jit.ScriptModule[] FindLayers(IEnumerable<string> names)
    {
        var modules = ScriptModules.Find(_module, names.ToHashSet());
        // The root is not among them; it is a layer only if the model is nothing else.
        return names.Select(name => name.Length == 0 ? _module : modules[name]).ToArray();
    }
}

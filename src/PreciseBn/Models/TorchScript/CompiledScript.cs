using System.Runtime.InteropServices;
using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Models.Compiled;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.TorchScript;

/// <summary>An instrumented TorchScript model, loaded by libtorch.</summary>
internal sealed class CompiledScript : ICompiledModel, IRunningModel
{
    private readonly string _path;
    private readonly ScriptInputs _inputs;
    private readonly ScalarType? _inputType;
    private readonly jit.ScriptModule _module;
    private readonly GraphRunner _runner;
    private Tensor? _output;

    private CompiledScript(string path, jit.ScriptModule module, IEnumerable<StatisticsBuffer> buffers, ScriptInputs inputs, ScalarType? inputType, bool isParallel)
    {
        _path = path;
        _runner = new GraphRunner(isParallel);
        _inputs = inputs;
        _inputType = inputType;
        _module = module;
        var places = buffers.ToArray();
        var statistics = new Queue<Tensor>(places.Length > 0 ? _module.invoke<Tensor[]>(ScriptInstrumentation.StatisticsMethod) : []);
        Statistics = places.Select(buffer => buffer.Keys.Select(_ => statistics.Dequeue().DetachFromDisposeScope()).ToArray()).ToArray();
    }

    public IReadOnlyList<IReadOnlyList<Tensor>> Statistics { get; }

    /// <summary>Which tensor it returns, where it does.</summary>
    private ScriptOutput? Output { get; init; }

    private bool HasState { get; init; }

    private bool IsInlined { get; init; }

    /// <param name="path">Path of the model, for messages.</param>
    /// <param name="writeInstrumented">Writes the instrumented archive.</param>
    /// <param name="buffers">The tensors with statistics.</param>
    /// <param name="inputs">What the model takes.</param>
    /// <param name="inputType">The floating-point type that it computes in; <c>null</c> if it has no parameters.</param>
    /// <param name="device">Where it is to run.</param>
    /// <param name="output">Which tensor it returns, if it is to run in evaluation.</param>
    /// <param name="hasState">Whether it has the methods of <see cref="ScriptState"/>.</param>
    /// <param name="isParallel">Whether its code runs parts of it at the same time.</param>
    /// <param name="isInlined">Whether it has the method of <see cref="ScriptInlining"/>.</param>
    /// <exception cref="PreciseBnException">libtorch does not load it, or there is no room for a copy of it.</exception>
    public static CompiledScript Load(string path, Action<Stream> writeInstrumented, IEnumerable<StatisticsBuffer> buffers,
        ScriptInputs inputs, ScalarType? inputType, Device device, ScriptOutput? output = null, bool hasState = false, bool isParallel = false,
        bool isInlined = false)
    {
        using var copy = new TemporaryModel(path, writeInstrumented);
        try
        {
            var module = UncaughtExceptions.Catch(() =>
                copy.NarrowPath is { } narrow ? jit.load(narrow, device) : jit.load(copy.ReadAll(), device));
            if (output is not null)
                module.eval();
            return new CompiledScript(path, module, buffers, inputs, inputType, isParallel) { Output = output, HasState = hasState, IsInlined = isInlined };
        }
        catch (ExternalException e)
        {
            throw ModelErrors.CannotLoad(path, e);
        }
    }

    public void ArrangeWeights(MemoryFormat format)
    {
        using var scope = NewDisposeScope();
        foreach (var (_, weight) in _module.named_parameters())
        {
            if (ChannelsLast.TryArrangeWeights(weight, format) is { } arranged)
                weight.set_(arranged);
        }
    }

    public bool Run(Batch batch, long index) => Run(batch, index, ScriptInstrumentation.ObserveMethod);

    public Tensor TakeOutput()
    {
        var output = _output!;
        _output = null;
        return output;
    }

    public ModelState CopyState()
    {
        using var scope = NewDisposeScope();
        return new ModelState(HasState ? _module.invoke<Tensor[]>(ScriptState.TellMethod) : []);
    }

    public void SetState(ModelState state)
    {
        using var scope = NewDisposeScope();
        if (HasState)
            _module.invoke(ScriptState.RestoreMethod, (object)state.Tensors.ToArray());
    }

    public Tensor Compute(Batch batch, long index)
    {
        using var scope = NewDisposeScope();
        var before = index > 0 ? [] : Statistics.Select(copies => copies[0].clone()).ToArray();
        Run(batch, index, ScriptRunning.OutputMethod);
        var output = TakeOutput();
        if (before.Zip(Statistics, (old, now) => allclose(old, now[0], rtol: 0, atol: 0, equal_nan: true)).All(isSame => isSame))
            return output;
        output.Dispose();
        throw ModelErrors.InTraining(_path);
    }

    public void Dispose()
    {
        foreach (var tensor in Statistics.SelectMany(copies => copies))
            tensor.Dispose();
        _output?.Dispose();
        ScriptModules.Release(_module);
    }

    private bool Run(Batch batch, long index, string method)
    {
        using var scope = NewDisposeScope();
        try
        {
            var arguments = _inputs.Fill(batch, index, Convert);
            return _runner.Run(() => Keep(_module.invoke(method, arguments)), () => Inline(arguments));
        }
        catch (ExternalException e)
        {
            throw Output?.Explain(e) ?? ObservationFunction.Explain(e, _path, batch.Describe(index)) ?? ModelErrors.ForwardFailed(_path, batch.Describe(index), e);
        }
    }

    private void Inline(object[] arguments)
    {
        if (IsInlined)
            _module.invoke(ScriptInlining.Method, arguments);
    }

    private void Keep(object? returned)
    {
        _output?.Dispose();
        _output = (returned as Tensor)?.DetachFromDisposeScope();
    }

    private Tensor Convert(Tensor input) =>
        _inputType is { } type && input.is_floating_point() ? input.to(type) : input;
}

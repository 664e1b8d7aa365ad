using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using PreciseBn.Batches;
using PreciseBn.Models.Compiled;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Exported;

/// <summary>An exported program, compiled by libtorch.</summary>
internal sealed partial class CompiledProgram : ICompiledModel, ISegmentedModel, IRunningModel
{
    private readonly ExportedProgram _program;
    private readonly jit.CompilationUnit _unit;
    private readonly GraphRunner _runner = new();
    private readonly GraphRunner[] _segmentRunners;
    private readonly Tensor[] _tensors;
    private readonly Tensor[] _changing;
    private readonly string[] _namesOfChanging;
    private Tensor? _output;

    /// <param name="program">The program.</param>
    /// <param name="source">Its source.</param>
    /// <param name="tensors">The tensors that the source begins with; they are disposed of with this.</param>
    /// <param name="layout">Where its statistics are to lie.</param>
    /// <exception cref="PreciseBnException">libtorch does not compile it.</exception>
    public CompiledProgram(ExportedProgram program, ProgramSource source, Tensor[] tensors, StatisticsLayout layout)
    {
        _program = program;
        _tensors = tensors;
        Segments = source.Segments;
        _segmentRunners = Segments.Select(_ => new GraphRunner()).ToArray();
        var names = source.TensorNames.ToList();
        foreach (var index in layout.Buffers.SelectMany(buffer => buffer.Keys).Select(name => names.IndexOf(name)).Where(index => index >= 0))
            Widen(index, layout.NumberType);
        _namesOfChanging = program.Buffers.Union(ProgramMemory.WrittenTensors(program)).Except(layout.Buffers.SelectMany(buffer => buffer.Keys))
            .Where(names.Contains).ToArray();
        _changing = _namesOfChanging.Select(name => tensors[names.IndexOf(name)]).ToArray();
        Statistics = layout.Buffers.Select(buffer => buffer.Keys.Where(names.Contains).Select(name => tensors[names.IndexOf(name)]).ToArray()).ToArray();
        try
        {
            _unit = UncaughtExceptions.Catch(() => jit.compile(source.Text));
        }
        catch (ExternalException e)
        {
            DisposeTensors();
            throw NodeOf(e, source) is { } node
                ? ExportedErrors.Inexpressible(program.Path, node, $"libtorch says: {TorchMessage.Of(e).TrimEnd('.')}")
                : ModelErrors.CannotLoad(program.Path, e);
        }
    }

    public IReadOnlyList<IReadOnlyList<Tensor>> Statistics { get; }

    public IReadOnlyList<IReadOnlyList<int>> Segments { get; }

    public void ArrangeWeights(MemoryFormat format)
    {
        foreach (var tensor in _tensors)
        {
            using var scope = NewDisposeScope();
            if (ChannelsLast.TryArrangeWeights(tensor, format) is { } arranged)
                tensor.set_(arranged);
        }
    }

    public ModelState CopyState() => new(_changing, _namesOfChanging);

    public void SetState(ModelState state)
    {
        foreach (var (tensor, kept) in _changing.Zip(state.Tensors))
            tensor.copy_(kept);
    }

    public bool Run(Batch batch, long index) =>
        Run(_runner, batch, index, () => Inputs(batch, index), inputs => Keep(_unit.invoke(ProgramSource.Function, [_tensors, .. inputs])));

    public IReadOnlyList<Tensor> RunSegment(int segment, Batch batch, long index)
    {
        Tensor[] values = [];
        Run(_segmentRunners[segment], batch, index, () => segment == 0 ? Inputs(batch, index) : [.. batch.Inputs], given =>
        {
            values = _unit.invoke<Tensor[]>(ProgramSource.FunctionOf(segment), _tensors, given);
            foreach (var value in values)
                value.DetachFromDisposeScope();
        });
        return values;
    }

    public Tensor TakeOutput()
    {
        var output = _output!;
        _output = null;
        return output;
    }

    public Tensor Compute(Batch batch, long index)
    {
        Run(batch, index);
        return TakeOutput();
    }

    public void Dispose()
    {
        CompiledUnits.Release(_unit);
        _output?.Dispose();
        DisposeTensors();
    }

    private bool Run(GraphRunner runner, Batch batch, long index, Func<Tensor[]> prepare, Action<Tensor[]> invoke)
    {
        using var scope = NewDisposeScope();
        try
        {
            var given = prepare();
            return runner.Run(() => invoke(given));
        }
        catch (ExternalException e)
        {
            throw ModelErrors.ForwardFailed(_program.Path, batch.Describe(index), e);
        }
    }

    private Tensor[] Inputs(Batch batch, long index) => batch.Inputs.Count == _program.Inputs.Count
        ? _program.Inputs.Zip(batch.Inputs, (input, value) => Convert(input, value, batch, index)).ToArray()
        : throw ModelErrors.WrongInputCount(_program.Path, index, _program.Inputs.Select(input => input.Name), batch.Inputs.Count);

    private void Keep(object? returned)
    {
        _output?.Dispose();
        _output = (returned as Tensor)?.DetachFromDisposeScope();
    }

    private static ExportedNode? NodeOf(ExternalException error, ProgramSource source) =>
        ErrorLine().Match(error.Message) is { Success: true } place
            ? source.Nodes.GetValueOrDefault(int.Parse(place.Groups["line"].Value, CultureInfo.InvariantCulture))
            : null;

    private Tensor Convert(ExportedInput input, Tensor value, Batch batch, long index)
    {
        if (!input.Accepts(value))
            throw ExportedErrors.WrongShape(
                _program.Path, batch.Describe(index), input.Name, string.Join(", ", input.Shape!), string.Join(", ", value.shape));
        if (input.DType is { } wanted && (wanted.IsFloatingPoint() ? !value.is_floating_point() : value.dtype != wanted.ToScalarType()))
            throw ExportedErrors.WrongType(_program.Path, batch.Describe(index), input.Name, $"{wanted}", $"{value.dtype}");
        return input.DType is { } type && type.IsFloatingPoint() && value.is_floating_point()
            ? value.to(type.ToScalarType())
            : value;
    }

    private void Widen(int index, ScalarType type)
    {
        using var narrow = _tensors[index];
        _tensors[index] = narrow.to(type, copy: true).DetachFromDisposeScope();
    }

    private void DisposeTensors()
    {
        foreach (var tensor in _tensors)
            tensor.Dispose();
    }

    [GeneratedRegex("""File "<string>", line (?<line>\d+)""")]
    private static partial Regex ErrorLine();
}

/// <summary>An exported program as TorchScript.</summary>
/// <param name="Text">The text.</param>
/// <param name="TensorNames">What the list of tensors has: names of parameters, buffers and constants.</param>
/// <param name="Nodes">The nodes that lines of the text are made from; lines are counted from 1.</param>
internal sealed record ProgramSource(string Text, IReadOnlyList<string> TensorNames, IReadOnlyDictionary<int, ExportedNode> Nodes)
{
    /// <summary>The layers of each segment that has a function of its own, by their indices; none where only the whole has one.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Segments { get; init; } = [];

    /// <summary>Name of the function in it, which takes a list of tensors and the user's inputs.</summary>
    public const string Function = "exported_program";

    /// <summary>Name of the function of a segment, which takes two lists: the tensors, and the values that it starts from. It returns those of the next.</summary>
    public static string FunctionOf(int segment) => $"{Function}_{segment}";
}

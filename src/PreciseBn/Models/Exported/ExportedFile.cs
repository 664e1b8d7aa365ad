using System.Text.Json;
using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Models.Compiled;
using PreciseBn.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Models.Exported;

/// <summary>A program that was saved with torch.export.save.</summary>
internal sealed class ExportedFile : ModelFile
{
    private readonly ExportedArchive _archive;
    private readonly ExportedProgram _program;
    private readonly ExportedReading _found;

    public ExportedFile(ExportedArchive archive)
        : this(archive, ExportedProgram.Read(archive))
    {
    }

    private ExportedFile(ExportedArchive archive, ExportedProgram program)
        : this(archive, program, ExportedJson.Interpret(archive.File.Path, () => ExportedLayers.Read(archive, program)))
    {
    }

    private ExportedFile(ExportedArchive archive, ExportedProgram program, ExportedReading found)
        : base(archive.File.Path, [archive.File], found.Layers.Select(layer => layer.Stored).ToArray())
    {
        _archive = archive;
        _program = program;
        _found = found;
    }

    public override IReadOnlyList<string> UntrackedLayers => ExportedLayers.FindUntracked(_program);

    public override IReadOnlyList<string> UnaccountedCalls =>
        [.. _found.Unaccounted.Select(WithConsequence), .. _found.Nested.Select(call => $"{call}. It is not listed, and the whole cannot be run.")];

    public override SizeRange BatchSizes => _program.Inputs.FirstOrDefault()?.Shape?.FirstOrDefault() ?? SizeRange.Any;

    public override IReadOnlyList<string> OperatorsBeyondNumbers => new LibtorchOperators().BeyondNumbers.Where(Calls).ToArray();

    public override string Kind => "an exported program";

    public override FileEnding Ending => FileEnding.Program;

    public override string? Program => _archive.Package?.Chosen;

    public override IReadOnlyList<string> Programs => _archive.Package?.Names ?? [];

    public override IReadOnlyList<string> FindShared(IReadOnlyCollection<StoredLayer> layers) => _archive.Package?.FindShared(layers) ?? [];

    public override IReadOnlyList<ByteRange> FindApart() => _archive.Package?.FindApart(_archive.File, _archive.Tensors.Values) ?? [];

    public override StoredWeights ReadWeights() => ExportedWeights.Find(_archive, _program);

    public override string Describe() =>
        $"{(Program is { } name ? $"has the program '{name}'" : "is an exported program")} of {_program.Nodes.Count} operations by PyTorch {_program.TorchVersion}, "
        + (_found.Unaccounted.Count > 0 ? $"of which BatchNorm has no statistics of its own: {_found.Unaccounted[0]}"
            : _found.Nested.Count > 0 ? $"which BatchNorm is not among: {_found.Nested[0]}"
            : "none of which is a BatchNorm" + DescribeDecomposed());

    private string DescribeDecomposed() => _archive.Tensors.Keys.Count(name => name.EndsWith("running_var", StringComparison.Ordinal)) is > 0 and var layers
        ? $", though it has the statistics of {layers}: these are used by simpler operations, into which they were decomposed" : "";

    public override IObservedModel Load(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device) => Observe(layers, rules, device);

    public override IRunningModel LoadToRun(OutputOptions options, Device device)
    {
        RefuseToRun(options.AllowedOperators, options.Method, options.Arguments.Count);
        var output = ChooseOutput(options);
        var layout = new StatisticsLayout([]);
        var source = ExportedJson.Interpret(Path, () => new ProgramWriter(_program, device.ToString(), allowsTf32: true).Write([], layout, output));
        return new CompiledProgram(_program, source, ExportedWeights.Load(_archive, source.TensorNames, device), layout);
    }

    public override ObservedCompiledModel LoadToRunByBatch(OutputOptions options, Device device) =>
        Observe(Layers, RunningByBatch.Rules(options), device, ChooseOutput(options));

    private ObservedCompiledModel Observe(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device, string? output = null)
    {
        RefuseToRun(rules.AllowedOperators, rules.Method, rules.Arguments.Count);
        var observed = layers.Select(layer => _found.Layers.First(own => own.Stored == layer)).ToArray();
        var compiled = observed.Select(ToCompiled).ToArray();
        CompiledLayer.RequireAllOfTensors(compiled, _found.Layers.Select(ToCompiled));
        var layout = new StatisticsLayout(compiled);
        var source = ExportedJson.Interpret(Path, () => new ProgramWriter(_program, device.ToString(), rules.AllowTf32).Write(observed, layout, output,
            rules.InSegments && device.type == DeviceType.CPU ? ProgramSegments.TryDivide(_program, observed) : null));
        var model = new CompiledProgram(_program, source, ExportedWeights.Load(_archive, source.TensorNames, device), layout);
        return new ObservedCompiledModel(model, layout, compiled, rules,
            MemoryOrder.Choose(Calls, _program.Inputs.FirstOrDefault()?.DType, device), device, Calls);
    }

    private string ChooseOutput(OutputOptions options) => _program.Nodes.Any(IsInTraining)
        ? throw ModelErrors.InTraining(Path)
        : _program.Outputs.Choose(Path, options.OutputKey);

    private void RefuseToRun(IReadOnlyList<string> allowedOperators, string method, int arguments)
    {
        if (method != "forward" || arguments > 0)
            throw CallErrors.CalledAsItIs(Path, Kind);
        RefuseMoreThanNumbers(allowedOperators);
        if (_program.Inputs.FirstOrDefault(input => input.Shape is null) is { } input)
            throw ExportedErrors.InputNotSupported(Path, input.Name);
    }

    private static bool IsInTraining(ExportedNode node) => BatchNormCall.TryRead(node)?.Training == true
        || (node.Target.StartsWith("torch.ops.aten.dropout", StringComparison.Ordinal) && node.Input("train")?.Value.ValueKind == JsonValueKind.True);

    private bool Calls(string name) => _program.Nodes.Any(node => node.Target.StartsWith($"torch.ops.aten.{name}.", StringComparison.Ordinal));

    private static CompiledLayer ToCompiled(ExportedLayer layer) => new(layer.Stored.Module, layer.Mean, layer.Variance);
}

using System.Text.RegularExpressions;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Models.Compiled;
using PreciseBn.Native;
using PreciseBn.Primitives;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.TorchScript;

/// <summary>A model that was saved with torch.jit.save.</summary>
internal sealed partial class TorchScriptFile : ModelFile
{
    // The namespaces of operators that libtorch registers itself; all others come with extensions such as torchvision.
    private static readonly HashSet<string> OwnNamespaces =
        ["aten", "prim", "quantized", "_quantized", "prepacked", "sparse", "mkldnn", "mkldnn_prepacked", "onednn", "profiler", "inductor"];

    private readonly TorchArchive _archive;
    private readonly IReadOnlyList<ScriptNode> _nodes;
    private readonly ScriptCode _code;
    private readonly ScriptLayers _found;

    public TorchScriptFile(TorchArchive archive)
        : this(archive, ScriptNode.Enumerate(archive.ReadPickle("data.pkl"), archive.File.Path), new ScriptCode(archive))
    {
    }

    private TorchScriptFile(TorchArchive archive, IReadOnlyList<ScriptNode> nodes, ScriptCode code)
        : this(archive, nodes, code, ScriptLayers.Read(archive, nodes, code))
    {
    }

    private TorchScriptFile(TorchArchive archive, IReadOnlyList<ScriptNode> nodes, ScriptCode code, ScriptLayers found)
        : base(archive.File.Path, [archive.File], found.Layers.Select(layer => layer.Stored).ToArray())
    {
        _archive = archive;
        _nodes = nodes;
        _code = code;
        _found = found;
    }

    public override IReadOnlyList<string> UntrackedLayers => _found.Untracked;

    public override IReadOnlyList<string> UnaccountedCalls => _found.Unaccounted.Values
        .Concat(_found.IsComplete ? [] : ["the code is too large to be followed to its end, and may call BatchNorm where no layer is listed"]).Select(WithConsequence).ToArray();

    public override IReadOnlyList<string> OperatorsBeyondNumbers => new LibtorchOperators().BeyondNumbers.Where(Calls).ToArray();

    public override string Kind => "a TorchScript model";

    public override FileEnding Ending => FileEnding.Torch;

    public override string Describe()
    {
        if (_nodes.Count == 0)
            return "holds no module";
        if (_found.Unaccounted.Count > 0)
            return $"calls BatchNorm, but with statistics that cannot be written: {_found.Unaccounted.Values.First()}";
        if (_found.Untracked.Count > 0)
            return "calls BatchNorm without statistics only";
        var kinds = _nodes.Skip(1).GroupBy(node => node.ClassName).OrderByDescending(kind => kind.Count()).Take(5).ToArray();
        return "does not call BatchNorm; where a model was frozen or optimized, its BatchNorm may have been folded into other layers"
            + (kinds.Length == 0 ? "" : $". Its modules are {string.Join(", ", kinds.Select(kind => $"{kind.Count()} {kind.Key}"))}");
    }

    public override StoredWeights ReadWeights() => ScriptWeights.Read(_archive, _code);

    public override IObservedModel Load(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device) => Observe(layers, rules, device);

    public override IRunningModel LoadToRun(OutputOptions options, Device device)
    {
        RefuseToRun(options.AllowedOperators);
        var method = MethodFor(options.Method);
        var inputs = new ScriptInputs(Path, method, options.Arguments);
        var output = new ScriptOutput(Path, _code, options.OutputKey);
        var running = new ScriptRunning(_archive, _code, _nodes[0].QualifiedName, method, inputs, output, device.ToString(), _found);
        return CompiledScript.Load(Path, running.Write, running.Buffers, inputs, InputType()?.ToScalarType(), device, output, isParallel: _code.IsParallel);
    }

    public override ObservedCompiledModel LoadToRunByBatch(OutputOptions options, Device device) =>
        Observe(Layers, RunningByBatch.Rules(options), device, new ScriptOutput(Path, _code, options.OutputKey));

    private ObservedCompiledModel Observe(IReadOnlyList<StoredLayer> layers, ObservationRules rules, Device device, ScriptOutput? output = null)
    {
        RefuseToRun(rules.AllowedOperators);
        if (_code.IsParallel && rules.AllowReuse && output is null)
            throw ModelErrors.ReuseAtTheSameTime(Path);
        rules = rules with { EndsEarly = rules.EndsEarly && !_code.IsParallel };
        var method = MethodFor(rules.Method);
        var inputs = new ScriptInputs(Path, method, rules.Arguments);
        var instrumentation = Instrument(layers, rules, method, inputs, device.ToString(), output);
        CompiledLayer.RequireAllOfTensors(instrumentation.Layers, _found.Layers.Select(ScriptInstrumentation.ToCompiled));
        if (instrumentation.FixedOtherwise() is { } other)
            throw ModelErrors.FormatsApart(other);
        var model = CompiledScript.Load(
            Path, instrumentation.Write, instrumentation.Layout.Buffers, inputs, InputType()?.ToScalarType(), device, output, instrumentation.HasState, _code.IsParallel, instrumentation.IsInlined);
        return new ObservedCompiledModel(model, instrumentation.Layout, instrumentation.Layers, rules,
            MemoryOrder.Choose(Calls, InputType(), device), device, Calls);
    }

    private void RefuseToRun(IReadOnlyList<string> allowedOperators)
    {
        RefuseCustomOperators();
        RefuseMoreThanNumbers(allowedOperators);
        if (_code.Files.FirstOrDefault(file => ScriptDepth.IsTooDeep(_code.TextOf(file))) is { } deep)
            throw ModelErrors.CodeTooDeep(Path, deep);
        if (_code.Files.Any(file => _code.TextOf(file).Contains("autocast_mode.autocast", StringComparison.Ordinal)))
            throw ModelErrors.AutocastInScript(Path);
        if (_code.Files.Any(file => _code.TextOf(file).Contains("ConstantMKLDNNTensor", StringComparison.Ordinal)))
            throw ModelErrors.OptimizedForInference(Path);
    }

    /// <summary>What makes the copy of the model that is observed.</summary>
    public ScriptInstrumentation Instrument(IReadOnlyList<StoredLayer> layers, ObservationRules rules, string device)
    {
        var method = MethodFor(rules.Method);
        return Instrument(layers, rules, method, new ScriptInputs(Path, method, rules.Arguments), device);
    }

    private ScriptInstrumentation Instrument(
        IReadOnlyList<StoredLayer> layers, ObservationRules rules, ScriptMethod method, ScriptInputs inputs, string device, ScriptOutput? output = null) => new(
        _archive, _code, _nodes[0].QualifiedName, method, inputs, device, rules.AllowTf32, _found,
        layers.Select(layer => _found.Layers.First(own => own.Stored == layer)).ToArray(), new ScriptState(_code, _nodes, _found), output)
        {
            IsInlined = rules.IsLong && ScriptInlining.Fits(_code, Calls, _found.Layers.Count),
        };

    private ScriptMethod MethodFor(string name) => ScriptMethod.Find(_code, _nodes[0].QualifiedName, name)
        ?? throw ModelErrors.NoMethod(Path, name, _code.MethodsOf(_nodes[0].QualifiedName));

    // As a function or as a method: libtorch takes both.
    private bool Calls(string name) => _code.Files.Any(file => Regex.IsMatch(_code.TextOf(file), $@"\.\s*{name}\s*\("));

    // libtorch ends the process on an operator that it does not know, so it must not get to see one.
    private void RefuseCustomOperators()
    {
        foreach (var file in _code.Files)
        {
            var custom = Operator().Matches(_code.TextOf(file))
                .FirstOrDefault(match => !OwnNamespaces.Contains(match.Groups["namespace"].Value));
            if (custom is not null)
                throw ModelErrors.CustomOperator(Path, $"{custom.Groups["namespace"]}::{custom.Groups["name"]}");
        }
    }

    // Buffers may be kept in other formats than the model computes in: it is that of the first parameter that the data meet.
    private DType? InputType() => _found.Reached.Concat(_nodes).SelectMany(ParametersOf)
        .Append(_found.TypeOfConstants)
        .Concat(_found.Layers.Select(layer => (DType?)layer.Stored.Module.DType))
        .FirstOrDefault(type => type?.IsFloatingPoint() == true);

    private IEnumerable<DType?> ParametersOf(ScriptNode node) =>
        _code.NamesIn(node.QualifiedName, "__parameters__").Select(name => node.Tensor(name)?.DType);

    [GeneratedRegex(@"(?<![\w.])ops\.(?<namespace>\w+)\.(?<name>\w+)")]
    private static partial Regex Operator();
}

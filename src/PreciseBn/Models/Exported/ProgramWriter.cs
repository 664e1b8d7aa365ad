using System.Globalization;
using System.Text.RegularExpressions;
using PreciseBn.Files;
using PreciseBn.Models.Compiled;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Exported;

/// <summary>
/// Writes an exported program as source that libtorch compiles: one function, and one for each segment, with a line for each node.
/// TorchScript reaches all operators of aten as <c>torch.name</c>; the nodes of observed layers call the functions of precise_bn.py instead.
/// </summary>
internal sealed partial class ProgramWriter
{
    /// <summary>What the operators of libtorch begin with.</summary>
    public const string Aten = "torch.ops.aten.";

    private const string Tensors = "tensors";
    private const string Values = "values";
    private const string Precision = "allow_tf32";
    private const string HigherOrder = "torch.ops.higher_order.";

    // They state what torch.export took for granted, and do nothing else.
    private static readonly HashSet<string> Assertions =
    [
        "torch.ops.aten._assert_async.default", "torch.ops.aten._assert_async.msg", "torch.ops.aten._assert_scalar.default",
        "torch.ops.aten._assert_tensor_metadata.default", "torch.ops.aten.sym_constrain_range.default",
        "torch.ops.aten.sym_constrain_range_for_size.default",
    ];

    private readonly ExportedProgram _program;
    private readonly ArgumentText _arguments;
    private readonly bool _allowsTf32;
    private readonly LibtorchOperators _operators = new();
    private readonly Dictionary<ExportedNode, (BatchNormCall Call, ExportedLayer Layer)> _calls = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _defined = [];
    private readonly List<string> _lines = [];
    private readonly Dictionary<int, ExportedNode> _nodes = [];
    private readonly Dictionary<string, string> _variables = [];
    private int _lists;

    /// <param name="program">The program.</param>
    /// <param name="device">Where it is to run.</param>
    /// <param name="allowsTf32">Whether convolutions keep the precision that the program has in it.</param>
    public ProgramWriter(ExportedProgram program, string device, bool allowsTf32)
    {
        _program = program;
        _allowsTf32 = allowsTf32;
        _arguments = new ArgumentText(device, Use, Declare);
    }

    /// <summary>Whether a node has nothing that is to be run.</summary>
    public static bool IsAssertion(ExportedNode node) => Assertions.Contains(node.Target);

    /// <param name="layers">The layers to observe.</param>
    /// <param name="layout">Where their statistics are to lie.</param>
    /// <param name="output">Name of the tensor that is returned, if any is.</param>
    /// <param name="segments">Segments that become functions of their own, beside that of the whole.</param>
    /// <exception cref="PreciseBnException">A node cannot be expressed.</exception>
    public ProgramSource Write(IReadOnlyList<ExportedLayer> layers, StatisticsLayout layout, string? output = null, ProgramSegments? segments = null)
    {
        foreach (var layer in layers)
            foreach (var call in layer.Calls)
                _calls[call.Node] = (call, layer);
        var statistics = layers.SelectMany(layer => layer.Mean.Buffer.Keys.Concat(layer.Variance.Buffer.Keys)).ToHashSet();
        var used = _program.Nodes.SelectMany(node => node.Inputs).SelectMany(input => input.Value.Names()).ToHashSet();
        var tensors = _program.Tensors.Where(tensor => used.Contains(tensor.Variable) || statistics.Contains(tensor.Name)).ToArray();
        foreach (var (variable, name) in tensors)
            _variables.TryAdd(name, variable);

        _lines.AddRange(ObservationFunction.ForText(layout).Split('\n'));
        var inputs = _program.Inputs.Select(input => $", {Define(input.Name)}: Tensor");
        _lines.Add($"def {ProgramSource.Function}({Tensors}: List[Tensor]{string.Concat(inputs)}) -> {(output is null ? "None" : "Tensor")}:");
        for (var i = 0; i < tensors.Length; i++)
            Line($"{Define(tensors[i].Variable)} = {Tensors}[{i}]");
        foreach (var node in _program.Nodes.Where(node => !IsAssertion(node)))
            Write(node, _calls.ContainsKey(node) ? SegmentAction.Observe : SegmentAction.Run);
        WriteChanges(tensors);
        Line($"return {(output is null ? "None" : Use(output))}");
        for (var segment = 0; segment < segments?.Steps.Count; segment++)
            WriteSegment(segments, segment, tensors);
        return new ProgramSource(string.Concat(_lines.Select(line => line + "\n")), tensors.Select(tensor => tensor.Name).ToArray(), _nodes)
        {
            Segments = segments?.Layers ?? [],
        };
    }

    private void WriteChanges((string Variable, string Name)[] tensors)
    {
        foreach (var (variable, result) in _program.Changes.Where(change => tensors.Any(tensor => tensor.Variable == change.Variable)))
            Line($"{Define($"{result}_kept")} = torch.copy_({Use(variable)}, {Use(result)})");
    }

    private void WriteSegment(ProgramSegments segments, int segment, (string Variable, string Name)[] tensors)
    {
        _defined.Clear();
        _lines.Add($"def {ProgramSource.FunctionOf(segment)}({Tensors}: List[Tensor], {Values}: List[Tensor]) -> List[Tensor]:");
        foreach (var (index, value) in segments.ValuesBefore(segment).Index())
            Line($"{Define(value)} = {Restored(segments.TypeOf(value), $"{Values}[{index}]")}");
        var steps = segments.Steps[segment];
        var used = steps.SelectMany(step => step.Node.Inputs).SelectMany(input => input.Value.Names()).ToHashSet();
        var statistics = steps.Where(step => step.Action != SegmentAction.Run).Select(step => _calls[step.Node].Layer)
            .SelectMany(layer => new[] { VariableOf(layer.Mean), VariableOf(layer.Variance) }).ToHashSet();
        foreach (var (index, tensor) in tensors.Index().Where(item => used.Contains(item.Item.Variable) || statistics.Contains(item.Item.Variable)))
            Line($"{Define(tensor.Variable)} = {Tensors}[{index}]");
        foreach (var (node, action) in steps)
            Write(node, action, isSegment: true);
        // A list without items has no type of its own.
        var kept = segment + 1 < segments.Steps.Count ? segments.ValuesBefore(segment + 1) : [];
        Line($"return {Declare("List[Tensor]", $"[{string.Join(", ", kept.Select(value => Kept(segments.TypeOf(value), Use(value))))}]")}");
    }

    private static string Restored(string type, string tensor) => type == "Tensor" ? tensor : $"{type}({tensor})";

    private static string Kept(string type, string value) => type == "Tensor" ? value : $"torch.tensor({value}, dtype={(int)(type switch
    {
        "int" => ScalarType.Int64,
        "float" => ScalarType.Float64,
        _ => ScalarType.Bool,
    })})";

    private void Write(ExportedNode node, SegmentAction action, bool isSegment = false)
    {
        var first = _lines.Count;
        if (action == SegmentAction.Run)
            WriteNode(node);
        else
            WriteLayer(node, action, isSegment);
        for (var line = first + 1; line <= _lines.Count; line++)
            _nodes[line] = node;
    }

    // In a segment what an observed layer gives is not known before the next.
    private void WriteLayer(ExportedNode node, SegmentAction action, bool isSegment)
    {
        var (call, layer) = _calls[node];
        string Argument(string name) => _arguments.Of(node.Input(name)!)!;
        var given = $"{Argument("input")}, {Argument("weight")}, {Argument("bias")}, {Statistics(layer.Mean, layer)}, {Statistics(layer.Variance, layer)}";
        if (action == SegmentAction.Normalise)
        {
            Line($"{Define(node.Outputs[0].TensorName!)} = {ObservationFunction.Settled}({given}, {Number(call.Eps)})");
            return;
        }
        var observed = isSegment ? $"observed_{_lines.Count}" : Define(node.Outputs[0].TensorName!);
        Line($"{observed} = {ObservationFunction.Name}({given}, {(call.Training ? "True" : "False")}, {Number(call.Momentum)}, {Number(call.Eps)}, True, \"*\")");
    }

    private string VariableOf(StatisticsPlace place) => _variables[place.Buffer.Keys.First(_variables.ContainsKey)];

    // They come from where they are stored, whatever the program makes of them on the way.
    private string Statistics(StatisticsPlace place, ExportedLayer layer)
    {
        var variable = Use(VariableOf(place));
        var channels = layer.Stored.Module.Channels;
        if (place.Piece is { } piece)
            return $"torch.narrow({variable}, 0, {piece.Start}, {piece.Count})";
        return StatisticsLayout.RowsOf(place.Buffer, channels) is > 1 and var rows
            ? $"torch.select(torch.view({variable}, [{rows}, {channels}]), 0, {place.Row})"
            : place.Buffer.Shape.Count == 1 ? variable : $"torch.view({variable}, [-1])";
    }

    private static string Number(double number) => number.ToString("E16", CultureInfo.InvariantCulture);

    private void WriteNode(ExportedNode node)
    {
        if (node.Target.StartsWith(HigherOrder, StringComparison.Ordinal))
            throw ExportedErrors.Inexpressible(_program.Path, node, "it is a higher-order operator, which holds a program of its own");
        var arguments = node.Inputs.Select(input => (Name: input.Key, Text: Cast(node, input.Value, TextOf(input.Key, input.Value))
            ?? throw ExportedErrors.Inexpressible(_program.Path, node, $"its argument '{input.Key}' is no tensor, number or text"))).ToArray();
        // TorchScript knows operations of a number and a tensor, but its names for their arguments are others.
        var areNamed = !(node.Target.EndsWith(".Tensor", StringComparison.Ordinal) && node.Inputs[0].Value.IsNumber);
        var call = SymbolicOperators.TryWrite(node.Target, arguments.Select(argument => argument.Text).ToArray())
            ?? $"torch.{OperatorOf(node)}({string.Join(", ", arguments.Select((argument, index) =>
                index > 0 && areNamed ? $"{argument.Name}={argument.Text}" : argument.Text))})";
        if (node.Outputs.Count == 0)
            Line(call);
        else if (node.Outputs is [{ Kind: "as_sym_int" or "as_sym_float" or "as_sym_bool" } number])
            Line($"{Define(number.Names().First())} = {number.Kind["as_sym_".Length..]}({call})");
        else
            WriteResults(node, call);
    }

    private string? TextOf(string name, ExportedArgument argument) =>
        !_allowsTf32 && name == Precision ? "False" : _arguments.Of(argument);

    private static string? Cast(ExportedNode node, ExportedArgument argument, string? text) =>
        text is not null && argument.TensorName is not null && node.Autocast is { } mode && node.Target.StartsWith(Aten, StringComparison.Ordinal)
            && AutocastOperators.FormatFor(node.Target[Aten.Length..].Split('.')[0], mode) is { } format
            ? $"autocast({text}, {SchemaTypes.ToScriptType(format)})" : text;

    private void WriteResults(ExportedNode node, string call)
    {
        var results = node.Outputs.Select((output, index) =>
            output.Kind != "as_tensors" && output.Names().FirstOrDefault() is { } name ? Define(name) : $"result_{index}").ToArray();
        Line($"{string.Join(", ", results)} = {call}");
        foreach (var (output, result) in node.Outputs.Zip(results).Where(pair => pair.First.Kind == "as_tensors"))
            foreach (var (name, index) in output.Names().Select((name, index) => (name, index)))
                Line($"{Define(name)} = {result}[{index}]");
    }

    private string OperatorOf(ExportedNode node)
    {
        if (!node.Target.StartsWith(Aten, StringComparison.Ordinal))
            throw ExportedErrors.Inexpressible(_program.Path, node, "it calls no operator of libtorch");
        var name = node.Target[Aten.Length..].Split('.')[0];
        return _operators.Contains(name)
            ? name
            : throw ExportedErrors.Inexpressible(_program.Path, node, "this libtorch has no such operator");
    }

    private string Declare(string type, string value)
    {
        var name = $"list_{_lists++}";
        Line($"{name}: {type} = {value}");
        return name;
    }

    private void Line(string text) => _lines.Add("  " + text);

    // The prefix keeps the names of the program apart from those of functions and keywords.
    private string Define(string name) => Identifier().IsMatch(name) && _defined.Add(name)
        ? "v_" + name
        : throw FileErrors.Damaged(_program.Path, $"its program gives a value the name '{name}', which is none or taken");

    private string Use(string name) => _defined.Contains(name)
        ? "v_" + name
        : throw FileErrors.Damaged(_program.Path, $"its program uses '{name}' before it has a value");

    [GeneratedRegex(@"^[A-Za-z0-9_]+$")]
    private static partial Regex Identifier();
}

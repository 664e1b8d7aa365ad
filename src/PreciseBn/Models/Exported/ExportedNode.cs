using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace PreciseBn.Models.Exported;

/// <summary>One operation of an exported program.</summary>
/// <param name="Name">Its name, or the first it gives a result.</param>
/// <param name="Target">What it calls, such as <c>torch.ops.aten.relu.default</c>.</param>
/// <param name="Inputs">Its arguments by name, in the order of the operator's schema.</param>
/// <param name="Outputs">Its results.</param>
/// <param name="Origin">Where it comes from.</param>
internal sealed record ExportedNode(
    string Name, string Target, IReadOnlyList<KeyValuePair<string, ExportedArgument>> Inputs, IReadOnlyList<ExportedArgument> Outputs,
    NodeOrigin Origin)
{
    /// <summary>The mode in which it computes; <c>null</c> is as its arguments are.</summary>
    public ExportedAutocast? Autocast { get; init; }

    public ExportedArgument? Input(string name) =>
        Inputs.Where(input => input.Key == name).Select(input => input.Value).FirstOrDefault();

    /// <param name="node">The operation.</param>
    /// <param name="rename">Gives values that the operation names their names in the program.</param>
    public static ExportedNode Read(JsonElement node, Func<JsonElement, JsonElement> rename)
    {
        var outputs = node.GetProperty("outputs").EnumerateArray().Select(output => ExportedArgument.Read(rename(output))).ToArray();
        var metadata = node.GetProperty("metadata");
        return new ExportedNode(
            Text(node, "name") ?? outputs.SelectMany(output => output.Names()).FirstOrDefault() ?? "",
            node.GetProperty("target").GetString()!,
            node.GetProperty("inputs").EnumerateArray().Select(input => KeyValuePair.Create(
                input.GetProperty("name").GetString()!, ExportedArgument.Read(rename(input.GetProperty("arg"))))).ToArray(),
            outputs,
            new NodeOrigin(Text(metadata, "nn_module_stack") ?? "", Text(metadata, "stack_trace") ?? ""));
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() : null;
}

/// <summary>An argument or result of a node: in the schema a union, in JSON an object of which one property is set.</summary>
/// <param name="Kind">Name of that property, such as <c>as_tensor</c>.</param>
/// <param name="Value">Its value.</param>
internal sealed record ExportedArgument(string Kind, JsonElement Value)
{
    public static ExportedArgument Read(JsonElement union)
    {
        var member = union.EnumerateObject().First(member => member.Value.ValueKind != JsonValueKind.Null);
        return new ExportedArgument(member.Name, member.Value);
    }

    /// <summary>Name of the tensor it is; <c>null</c> if it is none.</summary>
    public string? TensorName => Kind == "as_tensor" ? Value.GetProperty("name").GetString() : null;

    /// <summary>Whether it is a single number.</summary>
    public bool IsNumber => Kind is "as_int" or "as_float" or "as_bool" or "as_sym_int" or "as_sym_float" or "as_sym_bool";

    /// <summary>The names of tensors and symbols in it.</summary>
    public IEnumerable<string> Names() => Kind switch
    {
        "as_tensor" => [Value.GetProperty("name").GetString()!],
        "as_tensors" => Value.EnumerateArray().Select(tensor => tensor.GetProperty("name").GetString()!),
        "as_optional_tensor" => Read(Value).Names(),
        "as_optional_tensors" => Value.EnumerateArray().SelectMany(tensor => Read(tensor).Names()),
        "as_nested_tensors" => Value.EnumerateArray().SelectMany(list => new ExportedArgument("as_tensors", list).Names()),
        "as_sym_int" or "as_sym_float" or "as_sym_bool" =>
            Value.TryGetProperty("as_name", out var name) && name.ValueKind == JsonValueKind.String ? [name.GetString()!] : [],
        "as_sym_ints" or "as_sym_floats" or "as_sym_bools" =>
            Value.EnumerateArray().Select(Read).Where(item => item.Kind == "as_name").Select(item => item.Value.GetString()!),
        _ => [],
    };
}

/// <summary>Where a node of an exported program comes from.</summary>
/// <param name="ModuleStack">The modules it is in, from the outermost, of each its path and class; empty if the file does not say.</param>
/// <param name="StackTrace">The lines of Python that led to it; empty if the file does not say.</param>
internal sealed partial record NodeOrigin(string ModuleStack, string StackTrace)
{
    /// <summary>A sentence about where in Python the node comes from, or nothing.</summary>
    public string Place
    {
        get
        {
            var lines = StackTrace.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var places = Enumerable.Range(0, lines.Length).Where(line => lines[line].StartsWith("File ", StringComparison.Ordinal)).ToArray();
            // The innermost line of the model's author, if there is one: below it is code of PyTorch, or that it has written.
            var own = places.Where(line => !InPyTorch().IsMatch(lines[line])).ToArray();
            return (own.Length > 0 ? own : places).LastOrDefault(-1) is >= 0 and var place
                ? $" It comes from {lines[place]}{(place + 1 < lines.Length && !places.Contains(place + 1) ? $": {lines[place + 1]}" : "")}."
                : "";
        }
    }

    /// <summary>Class of the module that the node is in, without its namespace; <c>null</c> if the file does not say.</summary>
    public string? ModuleClass
    {
        get
        {
            var type = ModuleStack.Split(';')[^1].Split(',')[^1];
            return type.Length == 0 ? null : type[(type.LastIndexOf('.') + 1)..];
        }
    }

    /// <summary>Path of the module that the node is in; empty if the file does not say.</summary>
    public string ModulePath
    {
        get
        {
            var parts = ModuleStack.Split(';')[^1].Split(',');
            return parts.Length > 1 ? TracedRoot().Replace(parts[1], "") : "";
        }
    }

    [GeneratedRegex(@"^File ""((.*[/\\])?torch[/\\]|<)")]
    private static partial Regex InPyTorch();

    // A strict export writes the path of a module as an expression of what it has traced.
    [GeneratedRegex(@"^L\['\w+'\]\.?")]
    private static partial Regex TracedRoot();
}

/// <summary>The mode in which a block of a program computes: torch.autocast.</summary>
/// <param name="Device">The type of device that it is for.</param>
/// <param name="ScalarType">The number format, as the schema of torch.export has it.</param>
internal sealed record ExportedAutocast(string Device, int ScalarType);

/// <summary>
/// Reads the operations of a program, with those of its blocks in their places: torch.export makes programs of their own of what
/// stands below <c>torch.no_grad</c>, <c>torch.set_grad_enabled</c> and <c>torch.autocast</c>.
/// </summary>
internal sealed class ExportedBlocks
{
    private const string SetGradient = "torch.ops.higher_order.wrap_with_set_grad_enabled";
    private const string Autocast = "torch.ops.higher_order.wrap_with_autocast";
    private const int DeepestNesting = 50;

    private readonly List<ExportedNode> _nodes = [];
    private int _blocks;

    /// <param name="graph">The graph of a program.</param>
    public static IReadOnlyList<ExportedNode> Read(JsonElement graph)
    {
        var blocks = new ExportedBlocks();
        blocks.Read(graph, new Scope("", [], null, 0));
        return blocks._nodes;
    }

    private void Read(JsonElement graph, Scope scope)
    {
        foreach (var node in graph.GetProperty("nodes").EnumerateArray())
        {
            if (!TryInline(node, scope))
                _nodes.Add(ExportedNode.Read(node, scope.Rename) with { Autocast = scope.Autocast });
        }
    }

    private bool TryInline(JsonElement node, Scope scope)
    {
        var target = node.GetProperty("target").GetString();
        if (target is not (SetGradient or Autocast) || scope.Depth == DeepestNesting)
            return false;
        var arguments = node.GetProperty("inputs").EnumerateArray().Select(input => ExportedArgument.Read(input.GetProperty("arg"))).ToArray();
        var at = Array.FindIndex(arguments, argument => argument.Kind == "as_graph");
        if (at < 0)
            return false;
        var graph = arguments[at].Value.GetProperty("graph");
        var inner = NamesIn(graph.GetProperty("inputs"));
        var outer = arguments[(at + 1)..].Select(argument => argument.Names().ToArray()).ToArray();
        var results = node.GetProperty("outputs").EnumerateArray().SelectMany(output => ExportedArgument.Read(output).Names()).ToArray();
        var returned = NamesIn(graph.GetProperty("outputs"));
        if (inner.Length != outer.Length || outer.Any(names => names.Length != 1) || results.Length != returned.Length)
            return false;

        var names = inner.Zip(outer, (own, given) => (own, given: scope.NameOf(given[0]))).ToDictionary(pair => pair.own, pair => pair.given);
        var block = new Scope($"{scope.Prefix}block_{_blocks++}_", names, target == SetGradient ? scope.Autocast : ModeOf(arguments), scope.Depth + 1);
        Read(graph, block);
        foreach (var (result, own) in results.Zip(returned))
            scope.Names[result] = block.NameOf(own);
        return true;
    }

    private static ExportedAutocast? ModeOf(ExportedArgument[] arguments) =>
        arguments[2].Value.GetBoolean() && arguments[1].Kind == "as_scalar_type"
            ? new ExportedAutocast(arguments[0].Value.GetString()!, arguments[1].Value.GetInt32()) : null;

    private static string[] NamesIn(JsonElement arguments) =>
        arguments.EnumerateArray().SelectMany(argument => ExportedArgument.Read(argument).Names()).ToArray();

    /// <summary>A block that is being read.</summary>
    /// <param name="Prefix">What stands before the names of its values, as blocks may have the same.</param>
    /// <param name="Names">Values that have other names outside.</param>
    /// <param name="Autocast">The mode in which it computes.</param>
    /// <param name="Depth">How deep it is nested.</param>
    private sealed record Scope(string Prefix, Dictionary<string, string> Names, ExportedAutocast? Autocast, int Depth)
    {
        public string NameOf(string name) => Names.GetValueOrDefault(name) ?? Prefix + name;

        /// <summary>An argument with the names of its values outside.</summary>
        public JsonElement Rename(JsonElement argument)
        {
            if (Prefix.Length == 0 && Names.Count == 0)
                return argument;
            var copy = JsonSerializer.SerializeToNode(argument);
            Rename(copy);
            return JsonSerializer.SerializeToElement(copy);
        }

        private void Rename(JsonNode? node)
        {
            foreach (var item in (node as JsonArray)?.ToArray() ?? [])
                Rename(item);
            if (node is not JsonObject fields)
                return;
            foreach (var (key, value) in fields.ToArray())
            {
                if (key is "name" or "as_name" && value?.GetValueKind() == JsonValueKind.String)
                    fields[key] = NameOf(value.GetValue<string>());
                else if (key != "as_graph")
                    Rename(value);
            }
        }
    }
}

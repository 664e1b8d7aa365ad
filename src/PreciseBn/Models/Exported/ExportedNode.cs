using System.Text.Json;
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

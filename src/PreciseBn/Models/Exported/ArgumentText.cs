using System.Globalization;
using System.Text.Json;

namespace PreciseBn.Models.Exported;

/// <summary>Writes the arguments of nodes as TorchScript.</summary>
/// <param name="device">The device that takes the place of the one on which the program was exported.</param>
/// <param name="variable">Gives the text for the name of a tensor or symbol.</param>
/// <param name="declare">Gives the name of a new variable of a type and value.</param>
internal sealed class ArgumentText(string device, Func<string, string> variable, Func<string, string, string> declare)
{
    /// <returns>The text, or <c>null</c> where TorchScript has no word for it.</returns>
    public string? Of(ExportedArgument argument) => argument.Kind switch
    {
        "as_none" => "None",
        "as_tensor" => variable(argument.Value.GetProperty("name").GetString()!),
        "as_tensors" => List("Tensor", argument.Value, tensor => variable(tensor.GetProperty("name").GetString()!)),
        "as_optional_tensor" or "as_sym_int" or "as_sym_float" or "as_sym_bool" => OfMember(argument.Value),
        "as_optional_tensors" => List("Optional[Tensor]", argument.Value, OfMember),
        "as_nested_tensors" => List("List[Tensor]", argument.Value, list => Of(new ExportedArgument("as_tensors", list))),
        "as_int" => argument.Value.GetInt64().ToString(CultureInfo.InvariantCulture),
        "as_ints" => List("int", argument.Value, item => Of(new ExportedArgument("as_int", item))),
        "as_int_lists" => List("List[int]", argument.Value, list => Of(new ExportedArgument("as_ints", list))),
        "as_sym_ints" => List("int", argument.Value, OfMember),
        "as_float" => Float(argument.Value),
        "as_floats" => List("float", argument.Value, Float),
        "as_sym_floats" => List("float", argument.Value, OfMember),
        "as_bool" => argument.Value.GetBoolean() ? "True" : "False",
        "as_bools" => List("bool", argument.Value, item => Of(new ExportedArgument("as_bool", item))),
        "as_sym_bools" => List("bool", argument.Value, OfMember),
        "as_string" => Quote(argument.Value.GetString()!),
        "as_strings" => List("str", argument.Value, item => Quote(item.GetString()!)),
        "as_complex" => $"complex({Float(argument.Value.GetProperty("real"))}, {Float(argument.Value.GetProperty("imag"))})",
        "as_scalar_type" => Number(SchemaTypes.ToScriptType(argument.Value.GetInt32())),
        "as_memory_format" => Number(SchemaTypes.ToScriptMemoryFormat(argument.Value.GetInt32())),
        "as_layout" => Number(SchemaTypes.ToScriptLayout(argument.Value.GetInt32())),
        "as_device" => $"torch.device(\"{device}\")",
        _ => null,
    };

    // A member of a list is a union of its own: a name, or a value.
    private string? OfMember(JsonElement union)
    {
        var member = ExportedArgument.Read(union);
        return member.Kind == "as_name" ? variable(member.Value.GetString()!) : Of(member);
    }

    // TorchScript guesses the type of a list by its items: a wrong one if there are none, or the first is None.
    private string? List(string type, JsonElement items, Func<JsonElement, string?> text)
    {
        var texts = items.EnumerateArray().Select(text).ToArray();
        if (texts.Contains(null))
            return null;
        var list = $"[{string.Join(", ", texts)}]";
        return texts.Length == 0 || texts.Contains("None") ? declare($"List[{type}]", list) : list;
    }

    private static string Float(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            return $"float(\"{value.GetString() switch { "Infinity" => "inf", "-Infinity" => "-inf", _ => "nan" }}\")";
        var text = value.GetDouble().ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return text.AsSpan().ContainsAny('.', 'e') ? text : text + ".0";
    }

    private static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string text) =>
        "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}

/// <summary>Operations on sizes and other numbers, which Python does without tensors, in the words of TorchScript.</summary>
internal static class SymbolicOperators
{
    private static readonly Dictionary<string, string> Texts = new()
    {
        ["torch.ops.aten.sym_size.int"] = "torch.size({0}, {1})",
        ["torch.ops.aten.sym_stride.int"] = "torch.stride({0}, {1})",
        ["torch.ops.aten.sym_numel.default"] = "torch.numel({0})",
        ["torch.ops.aten.sym_storage_offset.default"] = "torch.storage_offset({0})",
        ["_operator.add"] = "{0} + {1}",
        ["_operator.sub"] = "{0} - {1}",
        ["_operator.mul"] = "{0} * {1}",
        ["_operator.truediv"] = "{0} / {1}",
        ["_operator.floordiv"] = "{0} // {1}",
        ["_operator.mod"] = "{0} % {1}",
        ["_operator.pow"] = "{0} ** {1}",
        ["_operator.neg"] = "-{0}",
        ["_operator.pos"] = "{0}",
        ["_operator.eq"] = "{0} == {1}",
        ["_operator.ne"] = "{0} != {1}",
        ["_operator.lt"] = "{0} < {1}",
        ["_operator.le"] = "{0} <= {1}",
        ["_operator.gt"] = "{0} > {1}",
        ["_operator.ge"] = "{0} >= {1}",
        ["_operator.and_"] = "{0} and {1}",
        ["_operator.or_"] = "{0} or {1}",
        ["math.floor"] = "torch.floor(float({0}))",
        ["math.ceil"] = "torch.ceil(float({0}))",
        ["math.trunc"] = "int({0})",
        ["torch.sym_int"] = "int({0})",
        ["torch.sym_float"] = "float({0})",
        ["torch.sym_not"] = "not {0}",
        ["torch.sym_max"] = "max({0}, {1})",
        ["torch.sym_min"] = "min({0}, {1})",
        ["torch.sym_ite"] = "{1} if {0} else {2}",
        ["torch.sym_sum"] = "sum({0})",
        ["torch.sym_sqrt"] = "torch.sqrt(float({0}))",
        ["torch._sym_sqrt"] = "torch.sqrt(float({0}))",
    };

    /// <returns>The text of the operation, or <c>null</c> if it is none of these.</returns>
    public static string? TryWrite(string target, IReadOnlyList<string> arguments) =>
        Texts.TryGetValue(target, out var text) ? string.Format(CultureInfo.InvariantCulture, text, [.. arguments]) : null;
}

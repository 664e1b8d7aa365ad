using System.Text.Json;

namespace PreciseBn.Models.Exported;

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

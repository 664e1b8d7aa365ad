using System.Text.Json;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Exported;

/// <summary>What an exported program returns to its user: tensors, each at a place in the tuples and dictionaries of the model.</summary>
/// <param name="Values">The place of each, and its name in the program; <c>null</c> if it is no tensor.</param>
/// <param name="IsDictionary">Whether the whole is a dictionary.</param>
internal sealed record ExportedOutputs(IReadOnlyList<(string Key, string? Tensor)> Values, bool IsDictionary)
{
    /// <param name="module">The program and its signature.</param>
    public static ExportedOutputs Read(JsonElement module)
    {
        var tensors = module.GetProperty("signature").GetProperty("output_specs").EnumerateArray()
            .Where(output => Member(output, "user_output") is not null).Select(output => TensorIn(Member(output, "user_output")!.Value)).ToArray();
        var (keys, isDictionary) = ReadKeys(module);
        // Where the structure is not known, they are counted.
        return keys.Length == tensors.Length
            ? new(keys.Zip(tensors).ToArray(), isDictionary)
            : new(tensors.Select((tensor, index) => ($"{index}", tensor)).ToArray(), false);
    }

    /// <summary>The name of the tensor that is meant.</summary>
    /// <param name="path">Path of the program, for messages.</param>
    /// <param name="key">Its place; <c>null</c> is the only one, or the first in a tuple.</param>
    /// <exception cref="PreciseBnException">There is none.</exception>
    public string Choose(string path, string? key)
    {
        if (key is not null)
            return Values.FirstOrDefault(value => value.Key == key && key.Length > 0).Tensor ?? throw ModelErrors.OutputKeyNotFound(path, key, Describe());
        if (IsDictionary && Values.Count > 1)
            throw ModelErrors.OutputKeyNeeded(path, Describe());
        return Values.FirstOrDefault(value => value.Tensor is not null).Tensor ?? throw ModelErrors.OutputNotATensor(path, Describe());
    }

    private static string? TensorIn(JsonElement output) =>
        Member(output, "arg") is { } value && Member(value, "as_tensor") is { } tensor ? tensor.GetProperty("name").GetString() : null;

    private static JsonElement? Member(JsonElement union, string name) =>
        union.ValueKind == JsonValueKind.Object && union.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private string Describe() => Values switch
    {
        [] => "nothing",
        [{ Key: "", Tensor: not null }] => "a single tensor",
        _ => $"{(IsDictionary ? "a dictionary" : "a tuple")} with {string.Join(", ", Values.Select(value => $"'{value.Key}'"))}",
    };

    // The structure is one of torch.utils._pytree, as text: a type, what it takes to make one, and the children.
    private static (string[] Keys, bool IsDictionary) ReadKeys(JsonElement module)
    {
        try
        {
            var whole = module.GetProperty("module_call_graph")[0].GetProperty("signature").GetProperty("out_spec").GetString()!;
            var spec = JsonSerializer.Deserialize<JsonElement>(whole)[1];
            return (Keys(spec, "").ToArray(), Names(spec) is not null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or ArgumentException)
        {
            return ([], false);
        }
    }

    private static IEnumerable<string> Keys(JsonElement spec, string key)
    {
        if (spec.GetProperty("type").ValueKind == JsonValueKind.Null)
            return [key];
        var names = Names(spec);
        return spec.GetProperty("children_spec").EnumerateArray()
            .SelectMany((child, index) => Keys(child, (key.Length > 0 ? key + "." : "") + (names?[index] ?? $"{index}")));
    }

    // Dictionaries, and classes that are like them, have the names of their entries as what it takes to make one.
    private static string[]? Names(JsonElement spec)
    {
        if (spec.GetProperty("context") is not { ValueKind: JsonValueKind.String } context
            || JsonSerializer.Deserialize<JsonElement>(context.GetString()!) is not { ValueKind: JsonValueKind.Array } names
            || names.GetArrayLength() != spec.GetProperty("children_spec").GetArrayLength()
            || names.EnumerateArray().Any(name => name.ValueKind != JsonValueKind.String) || names.GetArrayLength() == 0)
            return null;
        return names.EnumerateArray().Select(name => name.GetString()!).ToArray();
    }
}

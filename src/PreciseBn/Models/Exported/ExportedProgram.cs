using System.Text.Json;
using System.Text.RegularExpressions;
using PreciseBn.Batches;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Models.Exported;

/// <summary>A program of torch.export: operations one after the other, and what they start from.</summary>
/// <param name="Path">Path of the file, for messages.</param>
/// <param name="Nodes">The operations, in the order in which they run.</param>
/// <param name="Tensors">The parameters, buffers and constants it starts from: the name of each in the program, and in the archive.</param>
/// <param name="Inputs">What a user gives it.</param>
/// <param name="Outputs">What it returns to the user.</param>
/// <param name="Buffers">Names in the archive of the tensors that it may change.</param>
/// <param name="Mutations">The buffers of which it returns what they have become: the name of each in the archive, and of the result in the program.</param>
/// <param name="TorchVersion">The PyTorch that wrote it.</param>
internal sealed record ExportedProgram(
    string Path, IReadOnlyList<ExportedNode> Nodes, IReadOnlyList<(string Variable, string Name)> Tensors,
    IReadOnlyList<ExportedInput> Inputs, ExportedOutputs Outputs,
    IReadOnlyList<string> Buffers, IReadOnlyList<(string Name, string Variable)> Mutations, string TorchVersion)
{
    private const int KnownSchema = 8;

    /// <summary>
    /// What becomes of its buffers from batch to batch: the variable of each, and that of what it has become. What calls of BatchNorm are
    /// given stays as the file has it.
    /// </summary>
    public IEnumerable<(string Variable, string Result)> Changes
    {
        get
        {
            var statistics = Nodes.Select(BatchNormCall.TryRead).OfType<BatchNormCall>().SelectMany(call => new[] { call.Mean, call.Variance }).ToHashSet();
            return Mutations.Join(Tensors, mutation => mutation.Name, tensor => tensor.Name, (mutation, tensor) => (tensor.Variable, Result: mutation.Variable))
                .Where(change => change.Variable != change.Result && !statistics.Contains(change.Variable));
        }
    }

    /// <exception cref="PreciseBnException">The program is in a version of the schema that is not known, or does not follow it.</exception>
    public static ExportedProgram Read(ExportedArchive archive) =>
        ExportedJson.Interpret(archive.File.Path, () => Read(archive.File.Path, archive.Program));

    private static ExportedProgram Read(string path, JsonElement program)
    {
        var torchVersion = program.TryGetProperty("torch_version", out var version) ? version.GetString()! : "2.4 or older";
        var schema = program.GetProperty("schema_version").GetProperty("major").GetInt64();
        if (schema != KnownSchema)
            throw ExportedErrors.UnknownSchema(path, schema, torchVersion);
        var module = program.GetProperty("graph_module");
        var graph = module.GetProperty("graph");
        var sources = module.GetProperty("signature").GetProperty("input_specs").EnumerateArray().Select(ExportedArgument.Read).ToArray();
        return new ExportedProgram(
            path,
            ExportedBlocks.Read(graph),
            sources.Where(source => NameProperty(source) is not null).Select(source => (
                source.Value.GetProperty("arg").GetProperty("name").GetString()!,
                source.Value.GetProperty(NameProperty(source)!).GetString()!)).ToArray(),
            sources.Where(source => source.Kind == "user_input").Select(source => ExportedInput.Read(
                ExportedArgument.Read(source.Value.GetProperty("arg")), graph.GetProperty("tensor_values"),
                program.GetProperty("range_constraints"))).ToArray(),
            ExportedOutputs.Read(module),
            sources.Where(source => source.Kind == "buffer").Select(source => source.Value.GetProperty("buffer_name").GetString()!).ToArray(),
            module.GetProperty("signature").GetProperty("output_specs").EnumerateArray().Select(ExportedArgument.Read)
                .Where(output => output.Kind == "buffer_mutation").Select(output => (
                    output.Value.GetProperty("buffer_name").GetString()!,
                    output.Value.GetProperty("arg").GetProperty("name").GetString()!)).ToArray(),
            torchVersion);
    }

    private static string? NameProperty(ExportedArgument source) => source.Kind switch
    {
        "parameter" => "parameter_name",
        "buffer" => "buffer_name",
        "tensor_constant" => "tensor_constant_name",
        _ => null,
    };
}

/// <summary>What a user gives an exported program.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Number format of the tensor; <c>null</c> if it is no tensor, or one of another kind.</param>
/// <param name="Shape">Which sizes its dimensions may have; <c>null</c> if it is no tensor.</param>
internal sealed record ExportedInput(string Name, DType? DType, IReadOnlyList<SizeRange>? Shape)
{
    /// <param name="argument">The argument of the program.</param>
    /// <param name="tensors">What the program says of tensors, by name.</param>
    /// <param name="ranges">What it says of symbols that stand for sizes, by name.</param>
    public static ExportedInput Read(ExportedArgument argument, JsonElement tensors, JsonElement ranges)
    {
        if (argument.TensorName is not { } name)
            return new ExportedInput(argument.Names().FirstOrDefault() ?? argument.Kind, null, null);
        var meta = tensors.GetProperty(name);
        return new ExportedInput(
            name,
            SchemaTypes.ToDType(meta.GetProperty("dtype").GetInt32()),
            meta.GetProperty("sizes").EnumerateArray().Select(size => ExportedSize.Read(ExportedArgument.Read(size), ranges)).ToArray());
    }

    public bool Accepts(Tensor value) =>
        value.dim() == Shape!.Count && value.shape.Zip(Shape).All(size => size.Second.Contains(size.First));
}

/// <summary>Reads which sizes an exported program allows a dimension.</summary>
internal static partial class ExportedSize
{
    // PyTorch takes 0 and 1 for sizes of their own when it exports, writes 2 as the least, and does not insist on it.
    private const long UncheckedLeast = 2;

    /// <param name="size">A size: a number, or an expression.</param>
    /// <param name="ranges">The ranges of the symbols in such expressions.</param>
    public static SizeRange Read(ExportedArgument size, JsonElement ranges)
    {
        if (size.Kind == "as_int")
            return new SizeRange(size.Value.GetInt64(), size.Value.GetInt64());
        var symbol = Symbol().Match(size.Value.GetProperty("expr_str").GetString()!);
        if (!symbol.Success || !ranges.TryGetProperty(symbol.Groups["name"].Value, out var range))
            return SizeRange.Any;
        var least = Bound(range.GetProperty("min_val")) ?? 0;
        return new SizeRange(least > UncheckedLeast ? least : 0, Bound(range.GetProperty("max_val")) ?? long.MaxValue);
    }

    private static long? Bound(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var bound) ? bound : null;

    [GeneratedRegex(@"^(Symbol\('(?<name>\w+)'.*\)|(?<name>\w+))$")]
    private static partial Regex Symbol();
}

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

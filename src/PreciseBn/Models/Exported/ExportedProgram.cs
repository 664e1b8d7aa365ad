using System.Text.Json;
using PreciseBn.Primitives;

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

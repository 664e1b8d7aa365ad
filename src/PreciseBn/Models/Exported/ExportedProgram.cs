using System.Text.Json;
using PreciseBn.Primitives;

namespace PreciseBn.Models.Exported;

/// <summary>A program of torch.export: operations one after the other, and what they start from.</summary>
/// <param name="Path">Path of the file, for messages.</param>
/// <param name="Nodes">The operations, in the order in which they run.</param>
/// <param name="Tensors">The parameters, buffers and constants it starts from: the name of each in the program, and in the archive.</param>
/// <param name="Inputs">What a user gives it.</param>
/// <param name="Outputs">What it returns to the user.</param>
/// <param name="TorchVersion">The PyTorch that wrote it.</param>
internal sealed record ExportedProgram(
    string Path, IReadOnlyList<ExportedNode> Nodes, IReadOnlyList<(string Variable, string Name)> Tensors,
    IReadOnlyList<ExportedInput> Inputs, ExportedOutputs Outputs, string TorchVersion)
{
    private const int KnownSchema = 8;

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

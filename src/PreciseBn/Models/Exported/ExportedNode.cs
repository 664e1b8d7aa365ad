using System.Text.Json;

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

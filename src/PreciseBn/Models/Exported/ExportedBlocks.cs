using System.Text.Json;
using System.Text.Json.Nodes;

namespace PreciseBn.Models.Exported;

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

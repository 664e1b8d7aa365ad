using PreciseBn.Models.TorchScript;

namespace PreciseBn.Models.Exported;

/// <summary>
/// Follows the tensors of a program to the calls of BatchNorm: through views, copies and casts, and calls that return updated
/// statistics.
/// </summary>
internal sealed class ExportedStatistics
{
    private const string Aten = "torch.ops.aten.";

    private readonly Dictionary<string, ScriptValue> _values = [];

    public ExportedStatistics(ExportedArchive archive, ExportedProgram program)
    {
        foreach (var (variable, name) in program.Tensors)
        {
            if (archive.Tensors.TryGetValue(name, out var tensor))
                _values[variable] = new TensorValue(new ScriptTensor(variable, tensor.Tensor, null, name), 0, tensor.Tensor.Shape, []);
        }
        foreach (var node in program.Nodes)
        {
            if (BatchNormCall.TryRead(node)?.Returned is { } returned)
                (_values[returned.Mean], _values[returned.Variance]) = (Of(node.Input("running_mean")!.TensorName!), Of(node.Input("running_var")!.TensorName!));
            else if (node.Target.StartsWith(Aten, StringComparison.Ordinal))
                Follow(node, node.Target[Aten.Length..].Split('.')[0]);
        }
    }

    /// <summary>What is known of a value of the program.</summary>
    public ScriptValue Of(string variable) => _values.GetValueOrDefault(variable) ?? new UnknownValue();

    private void Follow(ExportedNode node, string function)
    {
        var results = node.Outputs.SelectMany(output => output.Names()).ToArray();
        if (node.Inputs.Count == 0 || node.Inputs[0].Value.TensorName is not { } source || Of(source) is not TensorValue tensor)
        {
            foreach (var name in results)
                _values[name] = new UnknownValue(node.Target);
            return;
        }
        var others = node.Inputs.Skip(1).Select(input => ToValue(input.Value)).ToArray();
        var value = ScriptTensors.IsCopy(function, others) ? tensor.Copied(0) : ScriptTensors.Part(function, tensor, others) ?? new UnknownValue(node.Target);
        if (value is SequenceValue sequence)
        {
            foreach (var (name, item) in results.Zip(sequence.Items))
                _values[name] = item;
        }
        else if (results.Length == 1)
        {
            _values[results[0]] = value;
        }
    }

    private ScriptValue ToValue(ExportedArgument argument) => argument.Kind switch
    {
        "as_int" => new LiteralValue(argument.Value.GetInt64()),
        "as_float" when argument.Value.ValueKind == System.Text.Json.JsonValueKind.Number => new LiteralValue(argument.Value.GetDouble()),
        "as_tensor" => Of(argument.TensorName!),
        "as_none" => new LiteralValue(null),
        "as_ints" => new SequenceValue(argument.Value.EnumerateArray().Select(item => (ScriptValue)new LiteralValue(item.GetInt64())).ToArray()),
        _ => new UnknownValue(),
    };
}

using PreciseBn.Formats;
using PreciseBn.Models.Compiled;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// Writes a copy of a TorchScript archive that computes what the model computes, with a method that returns one tensor of it: not
/// every output converts.
/// </summary>
/// <param name="archive">The model.</param>
/// <param name="code">Its source.</param>
/// <param name="rootType">Qualified name of the class of its root module.</param>
/// <param name="method">The method that is run.</param>
/// <param name="inputs">What it is given.</param>
/// <param name="output">Which tensor it returns.</param>
/// <param name="device">Where it is to run.</param>
/// <param name="found">What is known of its layers.</param>
internal sealed class ScriptRunning(
    TorchArchive archive, ScriptCode code, string rootType, ScriptMethod method, ScriptInputs inputs, ScriptOutput output, string device, ScriptLayers found)
{
    /// <summary>A method of the root module that calls the one to run, and returns a tensor of what that returns.</summary>
    public const string OutputMethod = "precise_bn_output";

    private readonly string _tensor = output.Of("result", method.ResultType);

    /// <summary>The tensors with statistics.</summary>
    public IReadOnlyList<StatisticsBuffer> Buffers { get; } = found.Layers.SelectMany(layer => new[] { layer.Mean.Buffer, layer.Variance.Buffer })
        .Distinct().Select(buffer => buffer with { Keys = [buffer.Keys[0]] }).ToArray();

    public void Write(Stream stream) => ScriptArchive.WriteCopy(stream, archive, device, Rewrite, EmbeddedText.Read("script_functions.py"));

    private string Rewrite(string file)
    {
        var edits = found.Interfaces.Where(edit => edit.File == file);
        return ScriptEdit.Apply(code.TextOf(file), file != ScriptCode.FileOf(rootType) ? edits : edits.Append(new(file, code.EndOfClass(rootType), 2, 0, Methods())));
    }

    private string Methods() => string.Concat(method.HookCopies(code))
        + $"  def {OutputMethod}(self: {string.Join(",\n    ", inputs.Parameters.Prepend(rootType))}) -> Tensor:\n"
        + string.Concat(inputs.Statements.Concat(method.Call(inputs.Arguments)).Select(statement => $"    {statement}\n"))
        + $"    return {_tensor}\n"
        + (Buffers.Count == 0 ? "" : $"  def {ScriptInstrumentation.StatisticsMethod}(self: {rootType}) -> List[Tensor]:\n"
            + $"    return [{string.Join(", ", Buffers.Select(buffer => buffer.Keys[0]))}]\n");
}

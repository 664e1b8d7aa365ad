using System.Text.RegularExpressions;
using PreciseBn.Formats;
using PreciseBn.Models.Compiled;
using PreciseBn.Native;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// Writes a copy of a TorchScript archive in which every BatchNorm goes through a function that can observe it. Layers
/// cannot be hooked, and traced ones have their mode built in; but whatever the class, a BatchNorm comes down to a few
/// functions of libtorch in the source that the archive carries.
/// </summary>
/// <param name="archive">The model.</param>
/// <param name="code">Its source.</param>
/// <param name="rootType">Qualified name of the class of its root module.</param>
/// <param name="method">The method that is run.</param>
/// <param name="inputs">What it is given.</param>
/// <param name="device">Where it is to run.</param>
/// <param name="allowsTf32">Whether convolutions keep the precision that a trace has in it.</param>
/// <param name="found">What is known of its layers.</param>
/// <param name="layers">Those that are observed.</param>
/// <param name="state">What it may change while it runs.</param>
/// <param name="output">Which tensor is returned, if any is.</param>
internal sealed partial class ScriptInstrumentation(
    TorchArchive archive, ScriptCode code, string rootType, ScriptMethod method, ScriptInputs inputs, string device, bool allowsTf32, ScriptLayers found,
    IReadOnlyList<ScriptLayer> layers, ScriptState state, ScriptOutput? output = null)
{
    /// <summary>A method of the root module that calls the one to run and returns a tensor of its result, or nothing: not every output converts.</summary>
    public const string ObserveMethod = "precise_bn_observe";

    /// <summary>A method of the root module that returns the tensors with statistics.</summary>
    public const string StatisticsMethod = "precise_bn_statistics";

    private const int MostNames = 3;

    // With other arguments it has no statistics, and is another function.
    private const string Ambiguous = "_native_batch_norm_legit";

    /// <summary>Where the statistics are to lie.</summary>
    public StatisticsLayout Layout { get; } = new(layers.Select(ToCompiled).ToArray());

    public IReadOnlyList<CompiledLayer> Layers { get; } = layers.Select(ToCompiled).ToArray();

    /// <summary>Whether the methods of <see cref="ScriptState"/> are there.</summary>
    public bool HasState => !state.IsEmpty;

    /// <summary>Whether the method of <see cref="ScriptInlining"/> is there.</summary>
    public bool IsInlined { get; init; }

    public void Write(Stream output) => ScriptArchive.WriteCopy(output, archive, device, Rewrite,
        ObservationFunction.ForArchive(Layout) + "\n" + (IsInlined ? ScriptInlining.Functions + "\n" : "") + EmbeddedText.Read("script_functions.py"));

    /// <returns>A layer whose statistics the model has for good, in another number format than is needed to observe all; mostly <c>null</c>.</returns>
    public BnModule? FixedOtherwise() => Layers.FirstOrDefault(layer => layer.Module.DType.ToScalarType() != Layout.NumberType
        && layer.Mean.Buffer.Keys.Concat(layer.Variance.Buffer.Keys).Any(StatisticsBuffer.IsFixed))?.Module;

    public static CompiledLayer ToCompiled(ScriptLayer layer) => new(layer.Stored.Module, layer.Mean, layer.Variance);

    private string Rewrite(string file)
    {
        var text = code.TextOf(file);
        var known = found.Layers.SelectMany(layer => layer.Sites).Where(site => site.Function.File == file).ToHashSet();
        var starts = known.Concat(found.Unaccounted.Keys.Where(site => site.Function.File == file)).Select(site => site.Start).ToHashSet();
        var edits = found.Interfaces.Where(edit => edit.File == file).ToList();
        foreach (Match call in BatchNorm().Matches(text))
        {
            var name = call.Groups["name"].Value;
            if (BatchNormSpelling.Find(name) is { } spelling && (name != Ambiguous || starts.Contains(call.Index)))
                edits.Add(new(file, call.Index, 1, call.Length - 1, ObservationFunction.Namespace + Replacement(spelling)));
        }
        foreach (var site in known.Where(IsKnown))
            edits.Add(new(file, site.End - 1, 0, 0, $", layers={Names(site)}"));
        foreach (var copy in found.Copies.Where(copy => copy.File == file))
        {
            edits.Add(new(file, copy.Start, 0, 0, $"{ObservationFunction.Namespace}kept({copy.Original}, "));
            edits.Add(new(file, copy.End, 0, 0, ")"));
        }
        foreach (var (start, end) in allowsTf32 ? [] : TracedConvolutions.FindPrecision(text))
            edits.Add(new(file, start, 1, end - start, "False"));
        if (file == ScriptCode.FileOf(rootType))
            edits.Add(new(file, code.EndOfClass(rootType), 2, 0, Methods()));
        return ScriptEdit.Apply(text, edits);
    }

    // Statistics that are not observed must not have such a stride as those that are.
    private bool IsKnown(ScriptSite site) => found.IsComplete && !found.Unaccounted.ContainsKey(site)
        && LayersAt(site).All(layer => layers.Contains(layer) || !layer.Stored.HasStride);

    private IEnumerable<ScriptLayer> LayersAt(ScriptSite site) => found.Layers.Where(layer => layer.Sites.Contains(site));

    private string Replacement(BatchNormSpelling spelling) =>
        IsInlined && spelling.Replacement == ObservationFunction.Name ? ScriptInlining.LayerFunction : spelling.Replacement;

    // At a place that layers share which are not all observed, one that is not is no mistake.
    private string Names(ScriptSite site)
    {
        if (!LayersAt(site).All(layers.Contains))
            return "\"*\"";
        var names = layers.Where(layer => layer.Sites.Contains(site)).Select(layer => $"'{layer.Stored.Module.Name}'").ToArray();
        return $"\"{string.Join(", ", names.Take(MostNames))}{(names.Length > MostNames ? " and others" : "")}\"";
    }

    private string Methods()
    {
        var keys = Layout.Buffers.SelectMany(buffer => buffer.Keys).ToArray();
        return string.Concat(method.HookCopies(code)) + $"  def {ObserveMethod}(self: {string.Join(",\n    ", inputs.Parameters.Prepend(rootType))}) -> {(output is null ? "NoneType" : "Tensor")}:\n"
            + string.Concat(inputs.Statements.Concat(method.Call(inputs.Arguments)).Select(statement => $"    {statement}\n"))
            + $"    return {output?.Of("result", method.ResultType) ?? "None"}\n"
            + (IsInlined ? ScriptInlining.WriteMethod(rootType, ObserveMethod, inputs.Parameters.ToArray()) : "")
            + $"  def {StatisticsMethod}(self: {rootType}) -> List[Tensor]:\n"
            + string.Concat(keys.Select(Widen))
            + $"    return [{string.Join(", ", keys)}]\n"
            + state.Methods(rootType);
    }

    // In 16 bits there is no room for what is observed.
    private string Widen(string key, int index)
    {
        var wide = $"torch.to({key}, {(int)Layout.NumberType}, False, True)";
        if (StatisticsBuffer.IsFixed(key))
            return "";
        if (key.EndsWith(']') && key.LastIndexOf('[') is var bracket)
            return $"    owner_{index} = torch._set_item({key[..bracket]}, {key[(bracket + 1)..^1]}, {wide})\n";
        return $"    owner_{index} = {key[..key.LastIndexOf('.')]}\n    owner_{index}.{key[(key.LastIndexOf('.') + 1)..]} = {wide}\n";
    }

    [GeneratedRegex(@"(?<![\w.])(torch|ops\.aten)\.(?<name>\w*batch_norm\w*)\(")]
    private static partial Regex BatchNorm();
}

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

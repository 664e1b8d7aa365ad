using System.IO.Compression;
using System.Text;
using PreciseBn.Formats;
using PreciseBn.Models.Compiled;
using PreciseBn.Primitives;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// Writes a copy of a TorchScript archive in which every BatchNorm goes through a function that can observe it. Layers
/// cannot be hooked, and traced ones have their mode built in; but whatever the class, a BatchNorm comes down to the
/// primitive <c>torch.batch_norm</c> in the source that the archive carries.
/// </summary>
/// <param name="archive">The model.</param>
/// <param name="rootType">Qualified name of the class of its root module.</param>
/// <param name="forward">The signature of its method <c>forward</c>.</param>
/// <param name="layout">Where the statistics are to lie.</param>
internal sealed class ScriptInstrumentation(TorchArchive archive, string rootType, ForwardMethod forward, StatisticsLayout layout)
{
    /// <summary>A method of the root module that calls <c>forward</c> and returns nothing: not every output converts.</summary>
    public const string ObserveMethod = "precise_bn_observe";

    /// <summary>A method of the root module that returns the tensors with statistics.</summary>
    public const string StatisticsMethod = "precise_bn_statistics";

    private const string Primitive = "torch.batch_norm(";
    private const string Replacement = ObservationFunction.Namespace + ObservationFunction.Name + "(";
    private const string DebugSuffix = ".debug_pkl";

    /// <summary>Where the statistics are to lie.</summary>
    public StatisticsLayout Layout => layout;

    public void Write(Stream output)
    {
        var missing = new MissingOperators();
        using var copy = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var name in archive.Names(""))
        {
            // Positions in debug information would no longer fit the changed source.
            if (name.EndsWith(DebugSuffix, StringComparison.Ordinal))
                continue;
            if (name.StartsWith("code/", StringComparison.Ordinal) && name.EndsWith(".py", StringComparison.Ordinal))
                Add(copy, name, Rewrite(missing.Replace(archive.ReadText(name)), name));
            else
                Add(copy, name, archive.Open(name));
        }
        Add(copy, ObservationFunction.ArchiveFile, ObservationFunction.ForArchive(layout) + "\n" + EmbeddedText.Read("missing_operator.py"));
    }

    private string Rewrite(string source, string file)
    {
        var observed = source.Replace(Primitive, Replacement, StringComparison.Ordinal);
        return file == ScriptSource.FileOf(rootType)
            ? ScriptSource.AppendToClass(observed, rootType[(rootType.LastIndexOf('.') + 1)..], Methods())
            : observed;
    }

    private string Methods() =>
        $"  def {ObserveMethod}(self: {string.Join(",\n    ", forward.Parameters.Prepend(rootType))}) -> NoneType:\n"
        + $"    _0 = (self).forward({string.Concat(forward.ParameterNames.Select(name => name + ", "))})\n"
        + "    return None\n"
        + $"  def {StatisticsMethod}(self: {rootType}) -> List[Tensor]:\n"
        + string.Concat(layout.Buffers.SelectMany(buffer => buffer.Keys).Select(Widen))
        + $"    return [{string.Join(", ", layout.Buffers.SelectMany(buffer => buffer.Keys))}]\n";

    // In 16 bits there is no room for what is observed.
    private string Widen(string key, int index) => key.LastIndexOf('.') is var end and > 0
        ? $"    owner_{index} = {key[..end]}\n"
            + $"    owner_{index}.{key[(end + 1)..]} = torch.to({key}, {(int)layout.NumberType}, False, True)\n"
        : "";

    private static void Add(ZipArchive copy, string name, string text) =>
        Add(copy, name, new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static void Add(ZipArchive copy, string name, Stream contents)
    {
        using (contents)
        using (var entry = copy.CreateEntry($"model/{name}", CompressionLevel.NoCompression).Open())
            contents.CopyTo(entry);
    }
}

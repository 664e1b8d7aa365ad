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
internal static class ScriptInstrumentation
{
    /// <summary>A method of the root module that calls <c>forward</c> and returns nothing: not every output converts.</summary>
    public const string ObserveMethod = "precise_bn_observe";

    private const string Primitive = "torch.batch_norm(";
    private const string Replacement = ObservationFunction.QualifiedName + "(";
    private const string DebugSuffix = ".debug_pkl";

    /// <param name="archive">The model.</param>
    /// <param name="rootType">Qualified name of the class of its root module.</param>
    /// <param name="forward">The signature of its method <c>forward</c>.</param>
    /// <param name="output">Where the copy goes.</param>
    public static void Write(TorchArchive archive, string rootType, ForwardMethod forward, Stream output)
    {
        var missing = new MissingOperators();
        using var copy = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var name in archive.Names(""))
        {
            // Positions in debug information would no longer fit the changed source.
            if (name.EndsWith(DebugSuffix, StringComparison.Ordinal))
                continue;
            if (name.StartsWith("code/", StringComparison.Ordinal) && name.EndsWith(".py", StringComparison.Ordinal))
                Add(copy, name, Rewrite(missing.Replace(archive.ReadText(name)), name, rootType, forward));
            else
                Add(copy, name, archive.Open(name));
        }
        Add(copy, ObservationFunction.ArchiveFile, ObservationFunction.ForArchive() + "\n" + EmbeddedText.Read("missing_operator.py"));
    }

    private static string Rewrite(string source, string file, string rootType, ForwardMethod forward)
    {
        var observed = source.Replace(Primitive, Replacement, StringComparison.Ordinal);
        return file == ScriptSource.FileOf(rootType)
            ? ScriptSource.AppendToClass(observed, rootType[(rootType.LastIndexOf('.') + 1)..], Method(rootType, forward))
            : observed;
    }

    private static string Method(string rootType, ForwardMethod forward) =>
        $"  def {ObserveMethod}(self: {string.Join(",\n    ", forward.Parameters.Prepend(rootType))}) -> NoneType:\n"
        + $"    _0 = (self).forward({string.Concat(forward.ParameterNames.Select(name => name + ", "))})\n"
        + "    return None\n";

    private static void Add(ZipArchive copy, string name, string text) =>
        Add(copy, name, new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static void Add(ZipArchive copy, string name, Stream contents)
    {
        using (contents)
        using (var entry = copy.CreateEntry($"model/{name}", CompressionLevel.NoCompression).Open())
            contents.CopyTo(entry);
    }
}

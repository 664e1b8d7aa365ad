using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using PreciseBn.Formats;
using PreciseBn.Models.Compiled;

namespace PreciseBn.Models.TorchScript;

/// <summary>Writes a copy of a TorchScript archive with other source, which this libtorch takes on any device.</summary>
internal static partial class ScriptArchive
{
    private const string DebugSuffix = ".debug_pkl";

    /// <param name="output">Where it goes.</param>
    /// <param name="archive">The model.</param>
    /// <param name="device">Where it is to run.</param>
    /// <param name="rewrite">Gives the text of a file of source, by its name, as it is to be.</param>
    /// <param name="functions">The source of functions that are called there.</param>
    public static void WriteCopy(Stream output, TorchArchive archive, string device, Func<string, string> rewrite, string functions)
    {
        var missing = new MissingOperators();
        using var copy = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var name in archive.Names(""))
        {
            // Positions in debug information would no longer fit the changed source.
            if (name.EndsWith(DebugSuffix, StringComparison.Ordinal))
                continue;
            if (name.StartsWith("code/", StringComparison.Ordinal) && name.EndsWith(".py", StringComparison.Ordinal))
                Add(copy, name, missing.Replace(Devices().Replace(rewrite(name), $"torch.device(\"{device}\")")));
            else
                Add(copy, name, archive.Open(name));
        }
        Add(copy, ObservationFunction.ArchiveFile, functions);
    }

    private static void Add(ZipArchive copy, string name, string text) =>
        Add(copy, name, new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static void Add(ZipArchive copy, string name, Stream contents)
    {
        using (contents)
        using (var entry = copy.CreateEntry($"model/{name}", CompressionLevel.NoCompression).Open())
            contents.CopyTo(entry);
    }

    // A trace has the devices in it on which it was made.
    [GeneratedRegex(@"torch\.device\(""(cuda|cpu)(:\d+)?""\)")]
    private static partial Regex Devices();
}

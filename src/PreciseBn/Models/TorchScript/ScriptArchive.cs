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

/// <summary>A change of the source of an archive.</summary>
/// <param name="File">The entry of the archive.</param>
/// <param name="Start">Where.</param>
/// <param name="Order">Which comes first of those at one place.</param>
/// <param name="Length">How much of the source it takes the place of.</param>
/// <param name="Text">What is written there.</param>
internal sealed record ScriptEdit(string File, int Start, int Order, int Length, string Text)
{
    public static string Apply(string text, IEnumerable<ScriptEdit> edits)
    {
        var result = new StringBuilder();
        var done = 0;
        foreach (var edit in edits.OrderBy(edit => edit.Start).ThenBy(edit => edit.Order))
        {
            result.Append(text, done, edit.Start - done).Append(edit.Text);
            done = edit.Start + edit.Length;
        }
        return result.Append(text, done, text.Length - done).ToString();
    }
}

/// <summary>Finds the arguments of calls in TorchScript source.</summary>
internal static class ScriptArguments
{
    /// <param name="source">The source.</param>
    /// <param name="start">Where the first argument begins, behind the bracket of the call.</param>
    /// <returns>Where each argument stands; the last ends at the bracket that closes the call.</returns>
    public static IReadOnlyList<(int Start, int End)> Of(string source, int start)
    {
        var arguments = new List<(int Start, int End)>();
        var depth = 1;
        for (var (at, quote) = (start, '\0'); at < source.Length; at++)
        {
            var letter = source[at];
            if (quote != '\0')
                (quote, at) = letter == quote ? ('\0', at) : (quote, letter == '\\' ? at + 1 : at);
            else if (letter is '"' or '\'')
                quote = letter;
            else
                depth += letter is '(' or '[' or '{' ? 1 : letter is ')' or ']' or '}' ? -1 : 0;
            if (depth == 0 || (depth == 1 && quote == '\0' && letter == ','))
            {
                arguments.Add((start, at));
                start = at + 1;
            }
            if (depth == 0)
                return arguments;
        }
        return [.. arguments, (start, source.Length)];
    }
}

/// <summary>
/// Operators that a model names and this libtorch does not have. Newer versions of PyTorch put them into branches that most
/// models never take, such as the choices of torch.nn.functional.interpolate; but libtorch refuses the whole model for one.
/// </summary>
internal sealed partial class MissingOperators
{
    private readonly LibtorchOperators _known = new();

    /// <summary>Replaces calls of operators that are not there by calls of a function that fails when it is reached.</summary>
    public string Replace(string source)
    {
        var result = new StringBuilder();
        var done = 0;
        foreach (Match call in Call().Matches(source))
        {
            if (call.Index < done || _known.Contains(call.Groups["name"].Value))
                continue;
            result.Append(source, done, call.Index - done)
                .Append($"__torch__.precise_bn.missing_operator(\"aten::{call.Groups["name"].Value}\")");
            done = Math.Min(source.Length, ScriptArguments.Of(source, call.Index + call.Length)[^1].End + 1);
        }
        return result.Append(source, done, source.Length - done).ToString();
    }

    [GeneratedRegex(@"(?<![\w.])torch\.(?<name>\w+)\(")]
    private static partial Regex Call();
}

/// <summary>
/// Finds what a trace has in it of the precision that was allowed when it was made: a convolution takes it as an argument,
/// whatever is allowed when it runs.
/// </summary>
internal static partial class TracedConvolutions
{
    private static readonly Dictionary<string, int> Positions = new()
    {
        ["_convolution"] = 12,
        ["cudnn_convolution"] = 8,
        ["cudnn_convolution_transpose"] = 9,
    };

    /// <summary>Where source has the values of the arguments that allow TF32.</summary>
    public static IEnumerable<(int Start, int End)> FindPrecision(string source)
    {
        foreach (Match call in Call().Matches(source))
        {
            var arguments = ScriptArguments.Of(source, call.Index + call.Length);
            if (Positions[call.Groups["name"].Value] is var position && position < arguments.Count)
            {
                var (start, end) = arguments[position];
                var name = Name().Match(source[start..end]);
                yield return (start + name.Length, end);
            }
        }
    }

    [GeneratedRegex(@"(?<![\w.])(torch|ops\.aten)\.(?<name>_convolution|cudnn_convolution|cudnn_convolution_transpose)\(")]
    private static partial Regex Call();

    // Keeps the white space and the name, if there is one.
    [GeneratedRegex(@"^\s*(allow_tf32\s*=\s*)?")]
    private static partial Regex Name();
}

using System.Text;
using System.Text.RegularExpressions;
using PreciseBn.Models.Compiled;

namespace PreciseBn.Models.TorchScript;

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

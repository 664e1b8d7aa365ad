using System.Text;
using System.Text.RegularExpressions;
using PreciseBn.Models.Compiled;

namespace PreciseBn.Models.TorchScript;

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
            done = EndOfArguments(source, call.Index + call.Length);
        }
        return result.Append(source, done, source.Length - done).ToString();
    }

    private static int EndOfArguments(string source, int start)
    {
        var depth = 1;
        var at = start;
        for (var quote = '\0'; at < source.Length && depth > 0; at++)
        {
            if (quote != '\0')
                (quote, at) = source[at] == quote ? ('\0', at) : (quote, source[at] == '\\' ? at + 1 : at);
            else if (source[at] is '"' or '\'')
                quote = source[at];
            else
                depth += source[at] is '(' or '[' ? 1 : source[at] is ')' or ']' ? -1 : 0;
        }
        return Math.Min(at, source.Length);
    }

    [GeneratedRegex(@"(?<![\w.])torch\.(?<name>\w+)\(")]
    private static partial Regex Call();
}

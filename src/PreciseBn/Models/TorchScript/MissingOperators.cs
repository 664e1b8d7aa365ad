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
            done = Math.Min(source.Length, ScriptArguments.Of(source, call.Index + call.Length)[^1].End + 1);
        }
        return result.Append(source, done, source.Length - done).ToString();
    }

    [GeneratedRegex(@"(?<![\w.])torch\.(?<name>\w+)\(")]
    private static partial Regex Call();
}

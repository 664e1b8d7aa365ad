using System.Text.RegularExpressions;

namespace PreciseBn.Models.TorchScript;

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

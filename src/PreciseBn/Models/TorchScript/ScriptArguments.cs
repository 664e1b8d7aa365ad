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

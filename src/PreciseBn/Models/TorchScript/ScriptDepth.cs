namespace PreciseBn.Models.TorchScript;

/// <summary>
/// Code that is nested so deep that libtorch, which reads it by recursion, would end the process. What PyTorch writes is flat: it gives
/// names to what is used again, and breaks long expressions.
/// </summary>
internal static class ScriptDepth
{
    private const int MostBrackets = 4000;
    private const int MostOperators = 4000;
    private const int MostIndent = 500;

    private static readonly HashSet<string> Words = ["and", "or", "not", "if", "else", "in", "is"];

    public static bool IsTooDeep(string text) => ScriptLine.Split(text).Any(IsTooDeep);

    private static bool IsTooDeep(ScriptLine line)
    {
        var (brackets, operators) = (0, 0);
        foreach (var token in line.Tokens)
        {
            var sign = token.Kind == ScriptTokenKind.Sign ? token.Text : "";
            if (sign is "(" or "[" or "{")
                brackets++;
            else if (sign is ")" or "]" or "}")
                brackets--;
            else if (sign is ",")
                // Those on both sides of a comma stand beside each other.
                operators = 0;
            else if (sign.Length > 0 || (token.Kind == ScriptTokenKind.Name && Words.Contains(token.Text)))
                operators++;
            if (brackets > MostBrackets || operators > MostOperators)
                return true;
        }
        return line.Indent > MostIndent;
    }
}

namespace PreciseBn.Models.TorchScript;

internal enum ScriptTokenKind
{
    Name,
    Number,
    Text,
    Sign,
}

/// <summary>A word of TorchScript source.</summary>
internal readonly record struct ScriptToken(ScriptTokenKind Kind, string Text, int Start)
{
    public int End => Start + Text.Length;

    public bool Is(string sign) => Kind == ScriptTokenKind.Sign && Text == sign;

    public bool IsWord(string word) => Kind == ScriptTokenKind.Name && Text == word;
}

/// <summary>A line of TorchScript source; what stands in brackets may go on over several in the file.</summary>
/// <param name="Indent">Number of spaces before it.</param>
/// <param name="Tokens">Its words.</param>
internal sealed record ScriptLine(int Indent, IReadOnlyList<ScriptToken> Tokens)
{
    public int Start => Tokens[0].Start;

    public bool StartsWith(string word) => Tokens[0].IsWord(word);

    /// <summary>The lines of a text.</summary>
    public static IReadOnlyList<ScriptLine> Split(string text)
    {
        var lines = new List<ScriptLine>();
        var tokens = new List<ScriptToken>();
        var depth = 0;
        var startOfLine = 0;
        var indent = 0;
        for (var at = 0; at < text.Length;)
        {
            var letter = text[at];
            if (letter == '\n' && depth == 0)
            {
                if (tokens.Count > 0)
                    lines.Add(new ScriptLine(indent, tokens));
                tokens = [];
                startOfLine = at + 1;
            }
            if (char.IsWhiteSpace(letter) || letter == '#')
            {
                at = letter == '#' ? EndOfComment(text, at) : at + 1;
                continue;
            }
            var token = Read(text, at);
            if (tokens.Count == 0)
                indent = at - startOfLine;
            depth += token.Kind != ScriptTokenKind.Sign ? 0 : "([{".Contains(letter) ? 1 : ")]}".Contains(letter) ? -1 : 0;
            tokens.Add(token);
            at = token.End;
        }
        if (tokens.Count > 0)
            lines.Add(new ScriptLine(indent, tokens));
        return lines;
    }

    private static ScriptToken Read(string text, int start)
    {
        var first = text[start];
        if (first is '"' or '\'')
            return new(ScriptTokenKind.Text, text[start..EndOfText(text, start)], start);
        var end = start + 1;
        if (IsWordLetter(first) && !char.IsAsciiDigit(first))
        {
            while (end < text.Length && IsWordLetter(text[end]))
                end++;
            return new(ScriptTokenKind.Name, text[start..end], start);
        }
        if (char.IsAsciiDigit(first) || (first == '.' && end < text.Length && char.IsAsciiDigit(text[end])))
        {
            while (end < text.Length && (IsWordLetter(text[end]) || text[end] == '.' || (text[end] is '-' or '+' && text[end - 1] is 'e' or 'E')))
                end++;
            return new(ScriptTokenKind.Number, text[start..end], start);
        }
        var isPair = end < text.Length && text.AsSpan(start, 2) is "==" or "!=" or "<=" or ">=" or "->" or "//" or "**";
        return new(ScriptTokenKind.Sign, text.Substring(start, isPair ? 2 : 1), start);
    }

    private static bool IsWordLetter(char letter) => char.IsLetterOrDigit(letter) || letter == '_';

    private static int EndOfText(string text, int start)
    {
        var end = start + 1;
        while (end < text.Length && text[end] != text[start])
            end += text[end] == '\\' ? 2 : 1;
        return Math.Min(end + 1, text.Length);
    }

    private static int EndOfComment(string text, int start) => text.IndexOf('\n', start) is >= 0 and var end ? end : text.Length;
}

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

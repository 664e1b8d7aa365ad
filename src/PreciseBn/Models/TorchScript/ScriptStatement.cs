namespace PreciseBn.Models.TorchScript;

internal enum ScriptStatementKind
{
    Assign,
    Evaluate,
    Return,
    Branch,
    Loop,
    Block,
    Define,
}

/// <summary>A statement of TorchScript source.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Targets">Names that get a value; of attributes and elements <c>null</c>.</param>
/// <param name="IsUnpacked">Whether a tuple or list is taken apart.</param>
/// <param name="Value">The expression, or the condition.</param>
/// <param name="Body">What it has indented below it.</param>
/// <param name="Otherwise">What is done if the condition does not hold.</param>
internal sealed record ScriptStatement(
    ScriptStatementKind Kind, IReadOnlyList<string?> Targets, bool IsUnpacked, ScriptExpression Value,
    IReadOnlyList<ScriptStatement> Body, IReadOnlyList<ScriptStatement> Otherwise)
{
    private const int DeepestNesting = 200;

    /// <summary>Reads the statements of a body.</summary>
    /// <param name="lines">The lines of a file.</param>
    /// <param name="at">The first line of the body; in the end the first after it.</param>
    /// <param name="indent">The indent that its lines have at least.</param>
    /// <param name="depth">How deep it is nested.</param>
    public static IReadOnlyList<ScriptStatement> ReadBody(IReadOnlyList<ScriptLine> lines, ref int at, int indent, int depth = 0)
    {
        var statements = new List<ScriptStatement>();
        while (at < lines.Count && lines[at].Indent >= indent)
        {
            var line = lines[at++];
            var isBlock = line.Tokens[^1].Is(":") && depth < DeepestNesting;
            var body = isBlock ? ReadBody(lines, ref at, line.Indent + 1, depth + 1) : [];
            IReadOnlyList<ScriptStatement> otherwise = [];
            if (isBlock && line.StartsWith("if") && at < lines.Count && lines[at].Indent == line.Indent && lines[at].StartsWith("else"))
            {
                at++;
                otherwise = ReadBody(lines, ref at, line.Indent + 1, depth + 1);
            }
            statements.Add(Read(line, body, otherwise));
        }
        return statements;
    }

    private static ScriptStatement Read(ScriptLine line, IReadOnlyList<ScriptStatement> body, IReadOnlyList<ScriptStatement> otherwise)
    {
        var tokens = line.Tokens;
        ScriptStatement Of(ScriptStatementKind kind, IEnumerable<ScriptToken> value, params string?[] targets) =>
            new(kind, targets, false, ScriptExpression.Parse(value), body, otherwise);
        return tokens[0].Kind != ScriptTokenKind.Name ? ReadSimple(line) : tokens[0].Text switch
        {
            "return" => Of(ScriptStatementKind.Return, tokens.Skip(1)),
            "if" => Of(ScriptStatementKind.Branch, tokens.Skip(1).SkipLast(1)),
            "while" => Of(ScriptStatementKind.Loop, tokens.Skip(1).SkipLast(1)),
            "for" => Of(ScriptStatementKind.Loop, tokens.SkipWhile(token => !token.IsWord("in")).Skip(1).SkipLast(1), tokens[1].Text),
            "with" => Of(ScriptStatementKind.Block, tokens.Skip(1).SkipLast(1)),
            "def" => Of(ScriptStatementKind.Define, [], tokens[1].Text),
            "pass" or "break" or "continue" => Of(ScriptStatementKind.Evaluate, []),
            _ => ReadSimple(line),
        };
    }

    private static ScriptStatement ReadSimple(ScriptLine line)
    {
        var depth = 0;
        var sign = -1;
        for (var i = 0; i < line.Tokens.Count && sign < 0; i++)
        {
            var token = line.Tokens[i];
            depth += token.Kind != ScriptTokenKind.Sign ? 0 : token.Text is "(" or "[" or "{" ? 1 : token.Text is ")" or "]" or "}" ? -1 : 0;
            if (depth == 0 && token.Is("="))
                sign = i;
        }
        var value = ScriptExpression.Parse(line.Tokens.Skip(sign + 1));
        if (sign < 0)
            return new(ScriptStatementKind.Evaluate, [], false, value, [], []);
        var (targets, isUnpacked) = ReadTargets(line.Tokens.Take(sign).ToArray());
        return new(ScriptStatementKind.Assign, targets, isUnpacked, value, [], []);
    }

    // A type may stand behind the name. Parts that are more than a name are attributes or elements.
    private static (IReadOnlyList<string?> Targets, bool IsUnpacked) ReadTargets(ScriptToken[] tokens)
    {
        var depth = 0;
        var parts = new List<List<ScriptToken>> { new() };
        var isTyped = false;
        foreach (var token in tokens)
        {
            depth += token.Kind != ScriptTokenKind.Sign ? 0 : token.Text is "(" or "[" ? 1 : token.Text is ")" or "]" ? -1 : 0;
            if (depth == 0 && token.Is(","))
                parts.Add([]);
            else if (!(isTyped |= depth == 0 && token.Is(":")))
                parts[^1].Add(token);
        }
        var names = parts.Where(part => part.Count > 0).Select(part => part is [{ Kind: ScriptTokenKind.Name } name] ? name.Text : null);
        return (names.ToArray(), parts.Count > 1);
    }
}

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

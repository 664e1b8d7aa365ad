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

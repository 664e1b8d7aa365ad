namespace PreciseBn.Models.TorchScript;

/// <summary>A function of TorchScript source, or a method of a class.</summary>
/// <param name="File">Name of the entry of the archive that it stands in.</param>
/// <param name="Name">Its name, of a method with that of its class.</param>
/// <param name="Parameters">Its parameters, of a method the module itself first.</param>
/// <param name="ResultType">The type of what it returns.</param>
/// <param name="Body">What it does.</param>
/// <param name="Start">Where in the file it begins.</param>
/// <param name="End">Where in the file it ends.</param>
internal sealed record ScriptFunction(
    string File, string Name, IReadOnlyList<ScriptParameter> Parameters, string ResultType, IReadOnlyList<ScriptStatement> Body, int Start, int End)
{
    /// <param name="file">Name of the entry that the lines are of.</param>
    /// <param name="text">Its text.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="at">The line that begins with <c>def</c>; in the end the first after the body.</param>
    /// <param name="owner">Name of the class that it is a method of, with a dot; empty for a function.</param>
    public static ScriptFunction Read(string file, string text, IReadOnlyList<ScriptLine> lines, ref int at, string owner)
    {
        var line = lines[at++];
        var name = line.Tokens.Count > 1 ? line.Tokens[1].Text : "";
        var body = ScriptStatement.ReadBody(lines, ref at, line.Indent + 1);
        var arrow = line.Tokens.ToList().FindLastIndex(token => token.Is("->"));
        var result = arrow > 0 && arrow + 1 < line.Tokens.Count ? text[line.Tokens[arrow + 1].Start..line.Tokens[^1].Start].Trim() : "";
        return new ScriptFunction(file, owner + name, ScriptParameter.Read(text, line.Tokens), result, body, line.Start,
            at < lines.Count ? lines[at].Start - lines[at].Indent : text.Length);
    }
}

/// <summary>A parameter of a function.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, such as <c>Optional[Tensor]</c>.</param>
/// <param name="Default">The text of its default; <c>null</c> if it has none.</param>
internal sealed record ScriptParameter(string Name, string Type, string? Default)
{
    /// <summary>As it stands in the source.</summary>
    public override string ToString() => $"{Name}: {Type}{(Default is null ? "" : "=" + Default)}";

    /// <param name="text">The text that the words are of.</param>
    /// <param name="tokens">The words of a line that begins with <c>def</c>.</param>
    public static IReadOnlyList<ScriptParameter> Read(string text, IReadOnlyList<ScriptToken> tokens)
    {
        var parameters = new List<ScriptParameter>();
        var depth = 0;
        var part = new List<ScriptToken>();
        foreach (var token in tokens.SkipWhile(token => !token.Is("(")))
        {
            var isOpening = token.Kind == ScriptTokenKind.Sign && token.Text is "(" or "[" or "{";
            var isClosing = token.Kind == ScriptTokenKind.Sign && token.Text is ")" or "]" or "}";
            depth -= isClosing ? 1 : 0;
            if (part.Count > 0 && ((depth == 1 && token.Is(",")) || depth == 0))
            {
                parameters.Add(Read(text, part));
                part = [];
            }
            else if (depth > 0)
            {
                part.Add(token);
            }
            depth += isOpening ? 1 : 0;
            if (depth == 0)
                break;
        }
        return parameters;
    }

    private static ScriptParameter Read(string text, List<ScriptToken> part)
    {
        var equals = part.FindIndex(token => token.Is("="));
        var typeEnd = equals < 0 ? part.Count : equals;
        string Text(int from, int to) => from < to ? text[part[from].Start..part[to - 1].End] : "";
        return new ScriptParameter(part[0].Text, Text(2, typeEnd), equals < 0 ? null : Text(equals + 1, part.Count));
    }
}

/// <summary>The method of a model that is run, with the hooks around it.</summary>
/// <param name="Function">The method.</param>
/// <param name="PreHooks">Methods that get its inputs first, and may return others.</param>
/// <param name="Hooks">Methods that get its inputs and its result.</param>
internal sealed record ScriptMethod(ScriptFunction Function, IReadOnlyList<ScriptFunction> PreHooks, IReadOnlyList<ScriptFunction> Hooks)
{
    private const string Forward = "forward";

    /// <summary>Its parameters without the module itself.</summary>
    public IReadOnlyList<ScriptParameter> Parameters => Function.Parameters.Skip(1).ToArray();

    /// <summary>The type of what is returned in the end.</summary>
    public string ResultType => Hooks.LastOrDefault(hook => hook.ResultType != "NoneType")?.ResultType ?? Function.ResultType;

    /// <returns>The method, or <c>null</c> where the class has none of that name.</returns>
    public static ScriptMethod? Find(ScriptCode code, string className, string name)
    {
        if (code.FindMethod(className, name) is not { } function)
            return null;
        // Hooks belong to forward; other methods are called as they are.
        ScriptFunction[] HooksOf(string list) => name != Forward ? [] : code.NamesIn(className, list)
            .Select(hook => code.FindMethod(className, hook)).OfType<ScriptFunction>().ToArray();
        return new ScriptMethod(function, HooksOf("__forward_pre_hooks__"), HooksOf("__forward_hooks__"));
    }

    /// <summary>The source of methods that do what its hooks do, which cannot be called themselves.</summary>
    public IEnumerable<string> HookCopies(ScriptCode code) => PreHooks.Concat(Hooks).Distinct().Select(hook =>
    {
        var text = code.TextOf(hook.File)[hook.Start..hook.End];
        return "  def " + CopyOf(hook) + text[text.IndexOf('(', StringComparison.Ordinal)..].TrimEnd() + "\n";
    });

    /// <summary>Statements that call it with its hooks.</summary>
    /// <param name="arguments">Expressions for its arguments; each can be given another value.</param>
    public IEnumerable<string> Call(IReadOnlyList<string> arguments)
    {
        var inputs = $"({string.Concat(arguments.Select(argument => argument + ", "))})";
        foreach (var hook in PreHooks)
        {
            var call = $"(self).{CopyOf(hook)}({inputs}, )";
            yield return hook.ResultType == "NoneType" ? $"_0 = {call}"
                : hook.ResultType.StartsWith("Tuple[", StringComparison.Ordinal) ? $"{string.Concat(arguments.Select(argument => argument + ", "))[..^1]} = {call}"
                : $"{arguments[0]} = {call}";
        }
        yield return $"result = (self).{NameOf(Function)}({string.Concat(arguments.Select(argument => argument + ", "))})";
        foreach (var hook in Hooks)
            yield return hook.ResultType == "NoneType" ? $"_1 = (self).{CopyOf(hook)}({inputs}, result, )" : $"result = (self).{CopyOf(hook)}({inputs}, result, )";
    }

    private static string CopyOf(ScriptFunction hook) => "precise_bn_hook_" + NameOf(hook);

    private static string NameOf(ScriptFunction function) => function.Name[(function.Name.LastIndexOf('.') + 1)..];
}

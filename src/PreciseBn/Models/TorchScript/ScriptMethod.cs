namespace PreciseBn.Models.TorchScript;

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

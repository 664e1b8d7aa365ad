using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell.Completion;

/// <summary>What all completers share: names that begin as what was typed, quoted where they need it, and nothing on failure.</summary>
public abstract class Completer : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var typed = WildcardPattern.Get(WildcardPattern.Escape(wordToComplete.Trim('\'', '"')) + "*", WildcardOptions.IgnoreCase);
        try
        {
            return Candidates(fakeBoundParameters).Where(candidate => typed.IsMatch(candidate.Name))
                .Select(candidate => new CompletionResult(Quote(candidate.Name), candidate.Name, CompletionResultType.ParameterValue, candidate.Tip))
                .ToArray();
        }
        catch (Exception failure) when (failure is PreciseBnException or RuntimeException)
        {
            // Whoever is typing learns of it from the cmdlet.
            return [];
        }
    }

    /// <summary>All names that could stand here, and a word about each.</summary>
    /// <param name="parameters">The parameters that were typed before.</param>
    private protected abstract IEnumerable<(string Name, string Tip)> Candidates(IDictionary parameters);

    /// <summary>The files that -Path and -LiteralPath lead to, where these were typed.</summary>
    private protected static IEnumerable<string> Files(IDictionary parameters) =>
        Resolve(parameters["Path"], "$path").Concat(Resolve(parameters["LiteralPath"], "[WildcardPattern]::Escape($path)"));

    private static IEnumerable<string> Resolve(object? paths, string pattern)
    {
        if (paths is null)
            return [];
        using var shell = System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddScript($"foreach ($path in $args[0]) {{ $ExecutionContext.SessionState.Path.GetResolvedProviderPathFromPSPath({pattern}, [ref] $null) }}")
            .AddArgument(paths);
        return shell.Invoke<string>();
    }

    private static string Quote(string name) =>
        name.Any(letter => !char.IsLetterOrDigit(letter) && letter is not ('.' or '_' or ':' or '-'))
            ? $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'"
            : name;
}

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
        var beginning = WildcardPattern.Get(WildcardPattern.Escape(wordToComplete.Trim('\'', '"')) + "*", WildcardOptions.IgnoreCase);
        try
        {
            return Candidates(new(fakeBoundParameters, commandAst)).Where(candidate => beginning.IsMatch(candidate.Name))
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
    /// <param name="typed">What was typed before.</param>
    private protected abstract IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed);

    private static string Quote(string name) =>
        name.Any(letter => !char.IsLetterOrDigit(letter) && letter is not ('.' or '_' or ':' or '-' or '/'))
            ? $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'"
            : name;
}

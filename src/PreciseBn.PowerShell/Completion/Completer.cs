using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using PreciseBn.Data;
using PreciseBn.Native;
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

/// <summary>Completes names of arrays, of the files whose paths were typed before.</summary>
public sealed class ArrayKeyCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        typed.Files("Path", "LiteralPath", "Data").SelectMany(BnDataFile.List).DistinctBy(array => array.Name)
            .Select(array => (array.Name, $"{array.DType} [{string.Join(", ", array.Shape)}]"));
}

/// <summary>Completes columns, of the tables whose paths were typed before.</summary>
public sealed class ColumnCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        typed.Files("Path", "LiteralPath").SelectMany(BnDataFile.ListColumns).Distinct().Select(name => (name, name));
}

/// <summary>Completes the devices of this machine.</summary>
public sealed class DeviceCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        Devices.List().Select(name => (name, name));
}

/// <summary>Completes names of layers, of the models whose paths were typed before.</summary>
public sealed class LayerNameCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        typed.Files("Path", "LiteralPath", "Reference").Concat(typed.PipedFiles())
            .SelectMany(path => StatisticsSources.ReadModel(path, typed.Parameters["Program"] as string))
            .DistinctBy(layer => layer.Name)
            .Select(layer => (layer.Name, $"{layer.Type}, {layer.Channels} channels"));
}

/// <summary>Completes names of programs, of the files whose paths were typed before.</summary>
public sealed class ProgramCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        typed.Files("Path", "LiteralPath", "Reference", "Difference").Concat(typed.PipedFiles())
            .SelectMany(BnPackage.ListPrograms).Distinct().Select(name => (name, name));
}

/// <summary>Completes shards, of some usual numbers of them.</summary>
public sealed class ShardCompleter : Completer
{
    private static readonly int[] UsualCounts = [2, 4, 8];

    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        from count in UsualCounts
        from number in Enumerable.Range(1, count)
        select ($"{number}/{count}", $"number {number} of {count} shards");
}

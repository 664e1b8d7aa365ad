using PreciseBn.Data;

namespace PreciseBn.PowerShell.Completion;

/// <summary>Completes columns, of the tables whose paths were typed before.</summary>
public sealed class ColumnCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        typed.Files("Path", "LiteralPath").SelectMany(BnDataFile.ListColumns).Distinct().Select(name => (name, name));
}

using System.Collections;
using PreciseBn.Data;

namespace PreciseBn.PowerShell.Completion;

/// <summary>Completes columns, of the tables whose paths were typed before.</summary>
public sealed class ColumnCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(IDictionary parameters) =>
        Files(parameters).SelectMany(BnDataFile.ListColumns).Distinct().Select(name => (name, name));
}

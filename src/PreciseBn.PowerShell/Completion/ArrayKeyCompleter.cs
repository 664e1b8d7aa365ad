using System.Collections;
using PreciseBn.Data;

namespace PreciseBn.PowerShell.Completion;

/// <summary>Completes names of arrays, of the files whose paths were typed before.</summary>
public sealed class ArrayKeyCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(IDictionary parameters) =>
        Files(parameters).SelectMany(BnDataFile.List).DistinctBy(array => array.Name)
            .Select(array => (array.Name, $"{array.DType} [{string.Join(", ", array.Shape)}]"));
}

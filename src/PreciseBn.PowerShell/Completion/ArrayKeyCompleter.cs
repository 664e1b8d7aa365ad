using PreciseBn.Data;

namespace PreciseBn.PowerShell.Completion;

/// <summary>Completes names of arrays, of the files whose paths were typed before.</summary>
public sealed class ArrayKeyCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        typed.Files("Path", "LiteralPath", "Data").SelectMany(BnDataFile.List).DistinctBy(array => array.Name)
            .Select(array => (array.Name, $"{array.DType} [{string.Join(", ", array.Shape)}]"));
}

namespace PreciseBn.PowerShell.Completion;

/// <summary>Completes names of layers, of the models whose paths were typed before.</summary>
public sealed class LayerNameCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        typed.Files("Path", "LiteralPath", "Reference").Concat(typed.PipedFiles())
            .SelectMany(path => StatisticsSources.ReadModel(path))
            .DistinctBy(layer => layer.Name)
            .Select(layer => (layer.Name, $"{layer.Type}, {layer.Channels} channels"));
}

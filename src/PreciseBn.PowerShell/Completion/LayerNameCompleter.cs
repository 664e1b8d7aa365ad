using System.Collections;

namespace PreciseBn.PowerShell.Completion;

/// <summary>Completes names of layers, of the models whose paths were typed before.</summary>
public sealed class LayerNameCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(IDictionary parameters) =>
        Files(parameters)
            .SelectMany(path => StatisticsSources.ReadModel(path))
            .DistinctBy(layer => layer.Name)
            .Select(layer => (layer.Name, $"{layer.Type}, {layer.Channels} channels"));
}

namespace PreciseBn;

/// <summary>What a file holds, as far as BatchNorm is concerned.</summary>
/// <param name="Path">Full path of the file.</param>
/// <param name="Layers">Its BatchNorm layers with tracked statistics, in the order in which they were defined.</param>
/// <param name="UntrackedLayers">Names of BatchNorm layers that keep no statistics, as far as the file tells.</param>
/// <param name="Contents">What the file is, as the end of a sentence that begins with its name.</param>
public sealed record ModelSummary(
    string Path, IReadOnlyList<BnModule> Layers, IReadOnlyList<string> UntrackedLayers, string Contents);

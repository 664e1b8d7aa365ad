namespace PreciseBn.Models.Exported;

/// <summary>A BatchNorm layer of an exported program.</summary>
/// <param name="Stored">The layer, and where its statistics are.</param>
/// <param name="MeanName">Name of its running mean in the archive.</param>
/// <param name="VarianceName">Name of its running variance in the archive.</param>
/// <param name="Calls">The nodes that are the layer; none if the program never runs it.</param>
internal sealed record ExportedLayer(StoredLayer Stored, string MeanName, string VarianceName, IReadOnlyList<BatchNormCall> Calls);

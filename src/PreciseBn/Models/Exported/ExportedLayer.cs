namespace PreciseBn.Models.Exported;

/// <summary>A BatchNorm layer of an exported program.</summary>
/// <param name="Stored">The layer, and where its statistics are.</param>
/// <param name="Calls">The nodes that are the layer; none if the program never runs it.</param>
internal sealed record ExportedLayer(StoredLayer Stored, IReadOnlyList<BatchNormCall> Calls);

using PreciseBn.Models.Compiled;

namespace PreciseBn.Models.Exported;

/// <summary>A BatchNorm layer of an exported program.</summary>
/// <param name="Stored">The layer, and where its statistics are.</param>
/// <param name="Mean">Where its running mean is; the keys are names in the archive.</param>
/// <param name="Variance">Where its running variance is, likewise.</param>
/// <param name="Calls">The nodes that are the layer; none if the program never runs it.</param>
internal sealed record ExportedLayer(StoredLayer Stored, StatisticsPlace Mean, StatisticsPlace Variance, IReadOnlyList<BatchNormCall> Calls);

using PreciseBn.Statistics;

namespace PreciseBn.Recalibration;

/// <summary>What running some batches through a model gave.</summary>
/// <param name="Layers">The moments of the observed layers.</param>
/// <param name="Skipped">Batches that were left out because they had NaN or infinity.</param>
/// <param name="StoppedBy">Why no more batches were run.</param>
internal sealed record MeasurementResult(IReadOnlyList<LayerMoments> Layers, long Skipped, StopReason StoppedBy);

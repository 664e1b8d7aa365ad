namespace PreciseBn.Recalibration;

/// <summary>What running some batches through a model gave.</summary>
/// <param name="Totals">The moments of the observed layers, and how many batches there were.</param>
/// <param name="StoppedBy">Why no more batches were run.</param>
/// <param name="Looks">The totals on the way there, where that was asked for.</param>
/// <param name="ItemsLeftOut">Items of a last batch that was too small to have a variance.</param>
internal sealed record MeasurementResult(MomentTotals Totals, StopReason StoppedBy, IReadOnlyList<MomentTotals> Looks, long ItemsLeftOut);

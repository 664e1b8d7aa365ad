namespace PreciseBn.Recalibration;

/// <summary>How far a recalibration has come.</summary>
/// <param name="Model">The model, as messages name it.</param>
/// <param name="Batches">Batches done.</param>
/// <param name="Total">Batches there will be, or the most there can be.</param>
/// <param name="Elapsed">Time since the first batch was asked for.</param>
public readonly record struct RecalibrationProgress(string Model, long Batches, long Total, TimeSpan Elapsed)
{
    /// <summary>Time until the last batch, if the rest takes as long as those before.</summary>
    public TimeSpan Remaining => Batches == 0 ? TimeSpan.Zero : Elapsed / Batches * (Total - Batches);
}

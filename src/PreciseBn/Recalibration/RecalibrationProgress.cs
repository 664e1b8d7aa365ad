namespace PreciseBn.Recalibration;

/// <summary>How far a recalibration has come.</summary>
/// <param name="Model">The model, as messages name it.</param>
/// <param name="Batches">Batches done, in all passes.</param>
/// <param name="Total">Batches there will be, or the most there can be, in all passes.</param>
/// <param name="Elapsed">Time since the first batch was asked for.</param>
/// <param name="Pass">The pass over the data that goes on, from 1; 0 before the first.</param>
/// <param name="Passes">How many there will be.</param>
public readonly record struct RecalibrationProgress(string Model, long Batches, long Total, TimeSpan Elapsed, int Pass, int Passes)
{
    private readonly TimeSpan? _remaining;

    /// <summary>Time until the last batch; if nothing else is known, the rest takes as long as those before.</summary>
    public TimeSpan Remaining
    {
        get => _remaining ?? (Batches == 0 ? TimeSpan.Zero : Elapsed / Batches * (Total - Batches));
        init => _remaining = value;
    }
}

namespace PreciseBn.Recalibration;

/// <summary>Keeps what is known so far, so that a run that was broken off can go on.</summary>
internal interface IMeasurementCheckpoint
{
    /// <summary>What an earlier run has saved; <c>null</c> if none has.</summary>
    MomentTotals? Saved { get; }

    /// <summary>Whether it is to be saved after so many batches.</summary>
    bool IsDue(long batches);

    /// <summary>Saves it, in place of what was saved before.</summary>
    void Save(MomentTotals totals);
}

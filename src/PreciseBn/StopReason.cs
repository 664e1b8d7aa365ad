namespace PreciseBn;

/// <summary>Why no more batches were used.</summary>
public enum StopReason
{
    /// <summary>The number that was asked for, or is the most, was reached.</summary>
    Iterations,

    /// <summary>The data ended.</summary>
    DataEnd,

    /// <summary>All statistics were as precise as was asked for.</summary>
    Tolerance,
}

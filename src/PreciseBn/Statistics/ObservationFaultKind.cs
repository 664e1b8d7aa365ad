namespace PreciseBn.Statistics;

/// <summary>What can be wrong with the observation of a batch.</summary>
internal enum ObservationFaultKind
{
    /// <summary>The values of a layer contain NaN or infinity.</summary>
    NonFinite,

    /// <summary>A layer was called more than once.</summary>
    Reused,
}

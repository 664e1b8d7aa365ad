namespace PreciseBn;

/// <summary>What can be found about the BatchNorm layers of a model.</summary>
public enum FindingKind
{
    /// <summary>The file has no BatchNorm layer with tracked statistics; they may have been folded away.</summary>
    NoBatchNorm,

    /// <summary>The layer keeps no statistics and normalises by those of each batch.</summary>
    Untracked,

    /// <summary>The statistics are those of a new layer: mean 0, variance 1, no batches tracked.</summary>
    NeverTrained,

    /// <summary>A mean or variance is NaN or infinite.</summary>
    NonFinite,

    /// <summary>A variance is negative.</summary>
    NegativeVariance,

    /// <summary>Channels hardly vary.</summary>
    DeadChannels,

    /// <summary>A mean is many deviations away from 0.</summary>
    FarMean,

    /// <summary>Training does not move the statistics.</summary>
    ZeroMomentum,

    /// <summary>Half precision holds the statistics badly.</summary>
    LostRange,

    /// <summary>The data never reached the layer.</summary>
    NeverReached,

    /// <summary>The layer runs more than once in a forward pass.</summary>
    Reused,

    /// <summary>Batches of the data gave NaN or infinity.</summary>
    NonFiniteData,

    /// <summary>The batches of the data were plainly not drawn at random.</summary>
    OrderedData,

    /// <summary>The statistics are off by more than the error of those measured on the data.</summary>
    Stale,
}

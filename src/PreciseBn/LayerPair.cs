namespace PreciseBn;

/// <summary>The statistics of a layer on the two sides of a comparison; at least one is there.</summary>
/// <param name="Reference">The layer of the reference, or <c>null</c>.</param>
/// <param name="Difference">The layer that is compared, or <c>null</c>.</param>
public sealed record LayerPair(ILayerStatistics? Reference, ILayerStatistics? Difference);

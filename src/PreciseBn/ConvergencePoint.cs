namespace PreciseBn;

/// <summary>How precise the statistics of a layer were after some batches; each number is the largest of its channels.</summary>
/// <param name="Batches">Number of batches that had reached the layer.</param>
/// <param name="MeanError">Standard error of the mean, in deviations; NaN after one batch.</param>
/// <param name="VarianceError">Standard error of the logarithm of the variance; NaN after one batch.</param>
/// <param name="MeanDistance">How far the mean was from the one in the end, in deviations in the end.</param>
/// <param name="VarianceDistance">How far the logarithm of the variance was from the one in the end.</param>
public sealed record ConvergencePoint(long Batches, double MeanError, double VarianceError, double MeanDistance, double VarianceDistance);

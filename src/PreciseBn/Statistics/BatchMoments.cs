using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>The moments of some batches, decoded from their observations; all float64, one row a batch.</summary>
/// <param name="Means">Batch means, [batches, Width].</param>
/// <param name="Variances">Unbiased batch variances, [batches, Width]; 0 for a batch of one value.</param>
/// <param name="Values">Number of values that went into each column, [batches, Width].</param>
/// <param name="Uses">How often each layer was called, [batches, layers].</param>
internal readonly record struct BatchMoments(Tensor Means, Tensor Variances, Tensor Values, Tensor Uses);

using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Precision;

/// <summary>A way to make one variance of those of batches.</summary>
internal interface IPooling
{
    /// <summary>Adds a batch.</summary>
    /// <param name="mean">Its mean, shape [C].</param>
    /// <param name="variance">Its unbiased variance, shape [C].</param>
    /// <param name="count">Number of values of each channel.</param>
    void Add(Tensor mean, Tensor variance, long count);

    /// <summary>The variance of all values, shape [C].</summary>
    Tensor Variance { get; }
}

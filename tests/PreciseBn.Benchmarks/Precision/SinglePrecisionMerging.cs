using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Precision;

/// <summary>Merges means and squared deviations pairwise as Chan does, in float32: a careful port without float64.</summary>
internal sealed class SinglePrecisionMerging(int channels) : IPooling
{
    private Tensor _mean = zeros(channels);
    private Tensor _squares = zeros(channels);
    private long _total;

    public Tensor Variance => _squares / _total;

    public void Add(Tensor mean, Tensor variance, long count)
    {
        var before = _total;
        _total += count;
        var delta = mean - _mean;
        _mean += delta * ((double)count / _total);
        _squares += (variance * (count - 1)) + (delta.square() * ((double)before * count / _total));
    }
}

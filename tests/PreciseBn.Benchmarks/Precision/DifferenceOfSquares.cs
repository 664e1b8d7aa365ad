using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Precision;

/// <summary>
/// E[x²] − E[x]², both running averages in the number format of the buffers: the formula of fvcore's population variance.
/// </summary>
internal sealed class DifferenceOfSquares(int channels) : IPooling
{
    private Tensor _mean = zeros(channels);
    private Tensor _meanSquare = zeros(channels);
    private long _total;

    public Tensor Variance => _meanSquare - _mean.square();

    public void Add(Tensor mean, Tensor variance, long count)
    {
        _total += count;
        var share = (double)count / _total;
        var meanSquare = mean.square() + (variance * ((count - 1) / (double)count));
        _mean += (mean - _mean) * share;
        _meanSquare += (meanSquare - _meanSquare) * share;
    }
}

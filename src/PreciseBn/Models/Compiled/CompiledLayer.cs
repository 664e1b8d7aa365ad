using PreciseBn.Native;
using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.Compiled;

/// <summary>
/// A BatchNorm layer of a compiled model. What it does is told by the lengths of its buffers; see precise_bn.py.
/// </summary>
internal sealed class CompiledLayer(ICompiledModel model, int index, BnModule layer, Device device)
{
    private const int PooledColumns = 2;

    /// <summary>Columns behind those of the mean when the layer also notes the number of its call.</summary>
    public const int TraceColumns = ObservationLayout.CounterColumns + 1;

    public int Channels => layer.Channels;

    /// <summary>Lets the layer work as it was saved.</summary>
    public void Release() => model.SetBuffers(index, Vector(layer.Mean), Vector(layer.Variance));

    /// <summary>Lets the layer normalise by statistics, whatever its mode.</summary>
    public void Settle(double[] mean, double[] variance) => model.SetBuffers(index, Vector(mean), Vector([.. variance, 0]));

    /// <summary>Lets the layer leave the statistics of each batch.</summary>
    /// <param name="mean">Where the mean goes: C elements, and the counters.</param>
    /// <param name="variance">Where the variance goes: C elements.</param>
    public void Observe(Tensor mean, Tensor variance) => model.SetBuffers(index, mean, variance);

    /// <summary>A place for the variance that also tells the layer from which means to count, or to pool its calls.</summary>
    /// <param name="shift">The means, or <c>null</c> for 0.</param>
    /// <param name="isPooled">Whether the calls of one forward pass are pooled.</param>
    /// <param name="dtype">Number format of the observation.</param>
    public Tensor VarianceBuffer(double[]? shift, bool isPooled, ScalarType dtype)
    {
        var buffer = zeros(Channels + (shift is null ? 0 : Channels + 3 - (isPooled ? 1 : 0)) + (isPooled ? PooledColumns : 0), dtype, device);
        if (shift is not null)
            buffer.narrow(0, Channels, Channels).copy_(tensor(shift));
        return buffer;
    }

    private Tensor Vector(double[] values) => tensor(values, layer.DType.ToScalarType(), device);
}

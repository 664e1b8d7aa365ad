using PreciseBn.Statistics;
using static TorchSharp.torch;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// A BatchNorm layer of an instrumented model. What it does is told by the lengths of its buffers; see precise_bn.py.
/// </summary>
internal sealed class ScriptLayer(jit.ScriptModule module, BnModule layer, Device device) : IDisposable
{
    private const int PooledColumns = 2;

    /// <summary>Columns behind those of the mean when the layer also notes the number of its call.</summary>
    public const int TraceColumns = ObservationLayout.CounterColumns + 1;

    public int Channels => layer.Channels;

    public jit.ScriptModule Module => module;

    /// <summary>Lets the layer work as it was saved.</summary>
    public void Release() => Set(Vector(layer.Mean), Vector(layer.Variance));

    /// <summary>Lets the layer normalise by statistics, whatever its mode.</summary>
    public void Settle(double[] mean, double[] variance) => Set(Vector(mean), Vector([.. variance, 0]));

    /// <summary>Lets the layer leave the statistics of each batch.</summary>
    /// <param name="mean">Where the mean goes: C elements, and the counters.</param>
    /// <param name="variance">Where the variance goes: C elements.</param>
    public void Observe(Tensor mean, Tensor variance) => Set(mean, variance);

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

    public void Dispose() => module.Dispose();

    private void Set(Tensor mean, Tensor variance)
    {
        module.set_attribute("running_mean", mean);
        module.set_attribute("running_var", variance);
    }

    private Tensor Vector(double[] values) => tensor(values, layer.DType.ToScalarType(), device);
}

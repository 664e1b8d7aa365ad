using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>What one layer of a live model is given in a batch, and what it makes of it.</summary>
/// <param name="layer">The layer.</param>
/// <param name="isPooled">Whether the calls of one forward pass are pooled.</param>
internal sealed class LiveObserver(BatchNorm layer, bool isPooled) : IDisposable
{
    private Tensor? _shift;
    private Tensor? _pooledMean;
    private Tensor? _pooledVariance;
    private long _valuesOfCall;

    /// <summary>Number of values of each channel in this batch.</summary>
    public long Values { get; private set; }

    /// <summary>Number of calls in this batch; those without values do not count.</summary>
    public long Uses { get; private set; }

    /// <summary>Number of these calls that had a single value of each channel.</summary>
    public long Singles { get; private set; }

    public void StartBatch()
    {
        Values = 0;
        Uses = 0;
        Singles = 0;
    }

    /// <summary>Counts means from these from now on, shape [C].</summary>
    public void CountFrom(double[] means) => _shift = tensor(means, layer.running_mean!.dtype, layer.running_mean.device).DetachFromDisposeScope();

    /// <summary>The input as the layer is to get it.</summary>
    public Tensor Before(Tensor input)
    {
        _valuesOfCall = input.numel() / input.shape[1];
        return _shift is null ? input : input - _shift.reshape([1, -1, .. Enumerable.Repeat(1L, (int)input.dim() - 2)]);
    }

    public void After()
    {
        if (_valuesOfCall == 0)
            return;
        if (isPooled && Uses > 0)
            Pool();
        Values += _valuesOfCall;
        Uses++;
        if (_valuesOfCall == 1)
            Singles++;
        if (!isPooled)
            return;
        DisposePooled();
        _pooledMean = layer.running_mean!.clone().DetachFromDisposeScope();
        _pooledVariance = layer.running_var!.clone().DetachFromDisposeScope();
    }

    public void Dispose()
    {
        _shift?.Dispose();
        DisposePooled();
    }

    private void Pool()
    {
        using var scope = NewDisposeScope();
        var total = Values + _valuesOfCall;
        var delta = layer.running_mean! - _pooledMean!;
        var squares = (_pooledVariance! * Math.Max(Values - 1, 0)) + (layer.running_var!.nan_to_num(0) * Math.Max(_valuesOfCall - 1, 0))
            + (delta.square() * ((double)Values * _valuesOfCall / total));
        layer.running_mean!.copy_(_pooledMean! + (delta * ((double)_valuesOfCall / total)));
        layer.running_var!.copy_(squares / Math.Max(total - 1, 1));
    }

    private void DisposePooled()
    {
        _pooledMean?.Dispose();
        _pooledVariance?.Dispose();
    }
}

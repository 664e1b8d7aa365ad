using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>What one layer of a live model is given in a batch, and what it makes of it.</summary>
/// <param name="layer">The layer.</param>
/// <param name="isPooled">Whether the calls of one forward pass are pooled.</param>
/// <param name="isSettled">Whether it normalises by its statistics, so that it leaves none of the batch.</param>
internal sealed class LiveObserver(BatchNorm layer, bool isPooled, bool isSettled) : IDisposable
{
    // Beyond it a float32 sum loses digits that count.
    private const int MostRoughlySummed = 1024;

    private readonly Tensor _storedMean = layer.running_mean!.clone().DetachFromDisposeScope();
    private readonly Tensor _storedVariance = layer.running_var!.clone().DetachFromDisposeScope();
    private Tensor? _shift;
    private Tensor? _mean;
    private Tensor? _variance;
    private (Tensor Mean, Tensor Variance)? _ofInput;
    private long _valuesOfCall;

    /// <summary>Mean of the values of this batch, less the means that are counted from, shape [C].</summary>
    public Tensor Mean => _mean!;

    /// <summary>Unbiased variance of these values, shape [C].</summary>
    public Tensor Variance => _variance!;

    /// <summary>Number of values of each channel in this batch.</summary>
    public long Values { get; private set; }

    /// <summary>Number of calls in this batch; those without values do not count.</summary>
    public long Uses { get; private set; }

    /// <summary>Number of these calls that had a single value of each channel.</summary>
    public long Singles { get; private set; }

    /// <summary>The bytes of the largest tensor that it was given so far.</summary>
    public long LargestInput { get; private set; }

    /// <summary>Whether it was called in this batch, with values or without.</summary>
    public bool WasCalled { get; private set; }

    public void StartBatch()
    {
        WasCalled = false;
        Values = 0;
        Uses = 0;
        Singles = 0;
    }

    /// <summary>Counts means from these from now on, shape [C].</summary>
    public void CountFrom(double[] means) => _shift ??= tensor(means, layer.running_mean!.dtype, layer.running_mean.device).DetachFromDisposeScope();

    /// <summary>The input as the layer is to get it.</summary>
    public Tensor Before(Tensor input)
    {
        using var gradients = no_grad();
        // The model's own code may have set them in the meantime.
        layer.train(!isSettled);
        if (!isSettled)
            layer.momentum = 1;
        _valuesOfCall = input.numel() / input.shape[1];
        LargestInput = Math.Max(LargestInput, input.numel() * input.element_size());
        using var scope = NewDisposeScope();
        // As in Pool: the sign of an operator would be a Scalar that nobody holds.
        using Scalar minusOne = -1;
        var centred = _shift is null ? input : input.add(_shift.reshape([1, -1, .. Enumerable.Repeat(1L, (int)input.dim() - 2)]), minusOne);
        if (!isSettled)
        {
            // A layer keeps 0 times its old statistics, and that is NaN of what is not finite.
            layer.running_mean!.zero_();
            layer.running_var!.zero_();
            var arranged = HasRoughSums(centred) ? ChannelByChannel(centred) : centred;
            // To what the model's own code is in, which may be nothing.
            return ReferenceEquals(arranged, input) ? input : arranged.MoveToOuterDisposeScope();
        }
        if (_valuesOfCall > 0)
            Measure(centred);
        return input;
    }

    public void After()
    {
        using var gradients = no_grad();
        WasCalled = true;
        using var scope = NewDisposeScope();
        if (_valuesOfCall == 0)
        {
            Restore();
            return;
        }
        var (mean, variance) = _ofInput ?? (layer.running_mean!, layer.running_var!);
        // One value has no unbiased variance, and libtorch gives NaN for it.
        var known = _valuesOfCall > 1 ? variance.clone() : zeros_like(variance);
        (mean, variance) = isPooled && Uses > 0 ? Pool(mean, known) : (mean.clone(), known);
        DisposeStatistics();
        Restore();
        (_mean, _variance) = (mean.DetachFromDisposeScope(), variance.DetachFromDisposeScope());
        Values += _valuesOfCall;
        Uses++;
        if (_valuesOfCall == 1)
            Singles++;
    }

    public void Dispose()
    {
        _shift?.Dispose();
        _storedMean.Dispose();
        _storedVariance.Dispose();
        DisposeStatistics();
    }

    // Where the values of a channel are not side by side, libtorch sums them on a CPU one after the other in float32.
    private bool HasRoughSums(Tensor input) => input.device_type == DeviceType.CPU && _valuesOfCall > MostRoughlySummed && input.stride(1) == 1;

    private static Tensor ChannelByChannel(Tensor input) => input.is_contiguous() ? input.transpose(0, 1).contiguous().transpose(0, 1) : input.contiguous();

    // Whoever else reads the statistics sees those that the layer has.
    private void Restore()
    {
        if (isSettled)
            return;
        layer.running_mean!.copy_(_storedMean);
        layer.running_var!.copy_(_storedVariance);
    }

    private void Measure(Tensor input)
    {
        using var scope = NewDisposeScope();
        var values = input.detach().to(ScalarType.Float64).transpose(0, 1).flatten(1);
        var mean = values.mean([1]);
        var variance = values.var(1, unbiased: _valuesOfCall > 1);
        _ofInput = (mean.DetachFromDisposeScope(), variance.DetachFromDisposeScope());
    }

    private (Tensor Mean, Tensor Variance) Pool(Tensor mean, Tensor variance)
    {
        var total = Values + _valuesOfCall;
        // TorchSharp frees a number that it makes a Scalar of as soon as nobody holds it, even while libtorch still reads it. It makes one
        // for each sum and difference, too.
        using Scalar earlier = Math.Max(Values - 1, 0), now = Math.Max(_valuesOfCall - 1, 0), rest = Math.Max(total - 1, 1);
        using Scalar one = 1, minusOne = -1;
        using Scalar between = (double)Values * _valuesOfCall / total, share = (double)_valuesOfCall / total;
        var delta = mean.add(_mean!, minusOne);
        var squares = (_variance! * earlier).add(variance * now, one).add(delta.square() * between, one);
        return (_mean!.add(delta * share, one), squares / rest);
    }

    private void DisposeStatistics()
    {
        _mean?.Dispose();
        _variance?.Dispose();
        _ofInput?.Mean.Dispose();
        _ofInput?.Variance.Dispose();
        _ofInput = null;
    }
}

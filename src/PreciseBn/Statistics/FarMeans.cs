using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>
/// The layers in which a mean is many deviations away from 0. libtorch sums some layouts in float32, where such a mean loses
/// digits; observed from a mean near it, it loses none, as BatchNorm takes no notice of a constant that is subtracted.
/// </summary>
internal sealed class FarMeans
{
    /// <summary>In deviations. Below it float32 sums of a thousand values are off by less than 1e-5 deviations a batch.</summary>
    private const double Far = 10;

    private readonly ObservationLayout _layout;
    private readonly double[]?[] _means;
    private readonly bool[] _isKnown;

    private FarMeans(ObservationLayout layout)
    {
        _layout = layout;
        _means = new double[layout.Channels.Count][];
        _isKnown = new bool[layout.Channels.Count];
    }

    public static FarMeans None(ObservationLayout layout) => new(layout);

    /// <summary>Whether something is known of all layers.</summary>
    public bool AreAllKnown => !_isKnown.Contains(false);

    /// <summary>Looks for them, in layers of which nothing is known yet.</summary>
    /// <param name="observation">The observation of a batch, of shape [2, Width], all of it finite.</param>
    /// <returns>Whether there are any.</returns>
    public bool Add(ReadOnlySpan<double> observation)
    {
        var isFar = false;
        for (var layer = 0; layer < _means.Length; layer++)
        {
            var start = _layout.Starts[layer];
            if (_isKnown[layer] || _layout.CountsOf(observation, layer).Values == 0)
                continue;
            _isKnown[layer] = true;
            var mean = observation.Slice(start, _layout.Channels[layer]);
            if (!IsFar(mean, observation.Slice(_layout.Width + start, _layout.Channels[layer])))
                continue;
            _means[layer] = mean.ToArray();
            isFar = true;
        }
        return isFar;
    }

    /// <summary>The means of a layer, or <c>null</c> if they are not far from 0.</summary>
    public double[]? Of(int layer) => _means[layer];

    /// <summary>The means in their columns and 0 elsewhere, float64 [Width].</summary>
    public Tensor ToTensor(Device device)
    {
        var row = new double[_layout.Width];
        for (var layer = 0; layer < _means.Length; layer++)
            _means[layer]?.CopyTo(row, _layout.Starts[layer]);
        return tensor(row, device: device);
    }

    private static bool IsFar(ReadOnlySpan<double> mean, ReadOnlySpan<double> variance)
    {
        for (var channel = 0; channel < mean.Length; channel++)
        {
            if (mean[channel] * mean[channel] > Far * Far * variance[channel])
                return true;
        }
        return false;
    }
}

using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>
/// The layers in which a mean is many deviations away from 0. libtorch sums some layouts in float32, where such a mean loses
/// digits; observed from a mean near it, it loses none, as BatchNorm takes no notice of a constant that is subtracted.
/// </summary>
internal sealed class FarMeans
{
    /// <summary>In deviations. Below it the error of a float32 sum is less than 1e-4 deviations a batch.</summary>
    private const double Far = 30;

    private readonly ObservationLayout _layout;
    private readonly double[]?[] _means;

    private FarMeans(ObservationLayout layout, double[]?[] means)
    {
        _layout = layout;
        _means = means;
    }

    public bool Any => _means.Any(mean => mean is not null);

    public static FarMeans None(ObservationLayout layout) => new(layout, new double[layout.Channels.Count][]);

    /// <summary>Looks for them in the observation of a batch, shape [2, Width].</summary>
    public static FarMeans Find(Tensor observation, ObservationLayout layout)
    {
        using var host = observation.to(ScalarType.Float64).cpu();
        var values = host.data<double>().ToArray();
        return new FarMeans(layout, layout.Starts.Select((start, layer) =>
        {
            var mean = values.AsSpan(start, layout.Channels[layer]).ToArray();
            var variance = values.AsSpan(layout.Width + start, layout.Channels[layer]);
            for (var channel = 0; channel < mean.Length; channel++)
            {
                if (mean[channel] * mean[channel] > Far * Far * variance[channel])
                    return mean;
            }
            return null;
        }).ToArray());
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
}

using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>What a batch has left in an observation, in float64 on the host.</summary>
/// <param name="Means">Batch means and counters, a row of the layout.</param>
/// <param name="Variances">Unbiased batch variances, likewise.</param>
internal readonly record struct ObservedBatch(ReadOnlyMemory<double> Means, ReadOnlyMemory<double> Variances);

/// <summary>What a layer was given in a batch.</summary>
/// <param name="Values">Number of values of each channel.</param>
/// <param name="Uses">How often it was called; calls without values are none.</param>
/// <param name="Singles">How many of these calls had a single value of each channel.</param>
internal readonly record struct LayerCounts(long Values, long Uses, long Singles);

/// <summary>
/// Brings observations to the host. Those on the processor are read at once; of those on another device some are kept there first, as
/// each way over costs more than many numbers.
/// </summary>
internal sealed class ObservationReader : IDisposable
{
    private const int BatchesOnDevice = 32;

    private readonly int _width;
    private readonly bool _isOnHost;
    private readonly List<Tensor> _kept = [];
    private readonly List<ObservedBatch> _read = [];

    public ObservationReader(ObservationLayout layout, Device device)
    {
        _width = layout.Width;
        _isOnHost = device.type == DeviceType.CPU;
    }

    /// <summary>Number of observations that were added and not taken.</summary>
    public int Count => _kept.Count + _read.Count;

    /// <summary>Whether it is time to take them.</summary>
    public bool IsFull => _isOnHost ? Count > 0 : Count == BatchesOnDevice;

    /// <summary>Adds an observation of shape [2, Width], which may change afterwards.</summary>
    public void Add(Tensor observation)
    {
        if (_isOnHost)
            _read.Add(ToBatch(observation));
        else
            _kept.Add(observation.clone().DetachFromDisposeScope());
    }

    /// <summary>All observations since the last time, in their order.</summary>
    public IReadOnlyList<ObservedBatch> Take()
    {
        if (_kept.Count > 0)
        {
            using var scope = NewDisposeScope();
            var host = stack(_kept).cpu();
            for (var i = 0; i < _kept.Count; i++)
                _read.Add(ToBatch(host.select(0, i)));
            Dispose();
        }
        var taken = _read.ToArray();
        _read.Clear();
        return taken;
    }

    public void Dispose()
    {
        foreach (var tensor in _kept)
            tensor.Dispose();
        _kept.Clear();
    }

    private ObservedBatch ToBatch(Tensor observation)
    {
        var values = new double[2 * _width];
        if (observation.dtype == ScalarType.Float64)
            MemoryMarshal.Cast<byte, double>(observation.bytes).CopyTo(values);
        else
            Widen(MemoryMarshal.Cast<byte, float>(observation.bytes), values);
        return new ObservedBatch(values.AsMemory(0, _width), values.AsMemory(_width));
    }

    private static void Widen(ReadOnlySpan<float> from, Span<double> to)
    {
        for (var i = 0; i < from.Length; i++)
            to[i] = from[i];
    }
}

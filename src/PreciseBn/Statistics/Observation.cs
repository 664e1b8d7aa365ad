using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Statistics;

/// <summary>
/// How the statistics of a batch lie in one tensor of shape [2, Width]: row 0 holds the batch means of all layers, row 1
/// their unbiased batch variances. Behind the C columns of a layer stand some that count what it was given.
/// </summary>
/// <remarks>
/// The counts are exact in float32: the number of values of a channel is kept modulo 2²¹, and the rest of it in a column of its
/// own. A model that is compiled gets the numbers of columns from here; see precise_bn.py.
/// </remarks>
internal sealed class ObservationLayout
{
    public const int CounterColumns = 6;

    // A single call takes a single addition, of its values and of one modulus.
    public const int Modulus = 1 << 21;
    private const int Low = 0;

    // It is 1: a tensor is added to another in half the time that a number takes.
    private const int One = 1;
    private const int Uses = 2;
    private const int High = 3;
    private const int Singles = 4;
    private const int Order = 5;

    public ObservationLayout(IReadOnlyList<int> channels)
    {
        Channels = channels;
        Starts = new int[channels.Count];
        for (var layer = 0; layer < channels.Count; layer++)
        {
            Starts[layer] = Width;
            Width += channels[layer] + CounterColumns;
        }
    }

    /// <summary>What the code of a compiled model names, and has to agree with.</summary>
    public static IEnumerable<KeyValuePair<string, long>> Constants =>
    [
        new("COUNTERS", CounterColumns), new("MODULUS", Modulus), new("USES", Uses), new("HIGH", High), new("SINGLES", Singles), new("ORDER", Order),
    ];

    /// <summary>The number of channels of each layer.</summary>
    public IReadOnlyList<int> Channels { get; }

    /// <summary>The first column of each layer.</summary>
    public int[] Starts { get; }

    /// <summary>The number of columns.</summary>
    public int Width { get; }

    /// <summary>The columns in which a layer notes the number of its last call, counted from 1; 0 if it had none.</summary>
    public IEnumerable<long> OrderColumns => Columns(Order);

    /// <summary>What the columns behind the means of a layer say, in their order.</summary>
    /// <param name="values">The number of values of each channel.</param>
    /// <param name="uses">How often the layer was called, calls without values left out.</param>
    /// <param name="singles">How many of these calls had a single value of each channel.</param>
    public static double[] Encode(long values, long uses, long singles = 0)
    {
        var counters = new double[CounterColumns];
        counters[Low] = values % Modulus;
        counters[High] = values / Modulus;
        counters[One] = 1;
        counters[Uses] = uses;
        counters[Singles] = singles;
        return counters;
    }

    /// <summary>What a layer was given, by a row of means and counters.</summary>
    public LayerCounts CountsOf(ReadOnlySpan<double> means, int layer)
    {
        var counters = means.Slice(Starts[layer] + Channels[layer], CounterColumns);
        var (low, high) = ((long)counters[Low], (long)counters[High]);
        var values = (high * Modulus) + (low % Modulus);
        var counted = low / Modulus;
        return new LayerCounts(values, (long)counters[Uses] + counted, (long)counters[Singles] + (values == 1 ? counted : 0));
    }

    private IEnumerable<long> Columns(int counter) => Channels.Select((channels, layer) => (long)Starts[layer] + channels + counter);
}

/// <summary>What a batch has left in an observation, in float64 on the host, until the reader that it is from gets the next.</summary>
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
    private readonly List<double[]> _buffers = [];
    private int _buffersInUse;

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
        _buffersInUse = 0;
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
        var values = NextBuffer();
        if (observation.dtype == ScalarType.Float64)
            MemoryMarshal.Cast<byte, double>(observation.bytes).CopyTo(values);
        else
            Widen(MemoryMarshal.Cast<byte, float>(observation.bytes), values);
        return new ObservedBatch(values.AsMemory(0, _width), values.AsMemory(_width));
    }

    // Arrays of this size are collected with the oldest, and a batch may take less time than that.
    private double[] NextBuffer()
    {
        if (_buffersInUse == _buffers.Count)
            _buffers.Add(new double[2 * _width]);
        return _buffers[_buffersInUse++];
    }

    private static void Widen(ReadOnlySpan<float> from, Span<double> to)
    {
        var whole = from.Length - (from.Length % Vector<float>.Count);
        for (var i = 0; i < whole; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(from[i..]), out var first, out var second);
            first.CopyTo(to[i..]);
            second.CopyTo(to[(i + Vector<double>.Count)..]);
        }
        for (var i = whole; i < from.Length; i++)
            to[i] = from[i];
    }
}

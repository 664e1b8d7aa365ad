using System.Runtime.InteropServices;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Data;

/// <summary>
/// Turns items of a stored array into what a model takes: channels first, uint8 divided by 255, each channel normalised.
/// </summary>
internal sealed class ArrayPreparation
{
    private readonly StoredArray _array;
    private readonly bool _isChannelsLast;
    private readonly int _channels;
    private readonly int _pixels;
    private readonly ChannelScale? _scale;

    /// <param name="array">The array; its first dimension counts the items unless it is a batch already.</param>
    /// <param name="options">Layout and normalisation.</param>
    /// <param name="normalise">Whether this is the input that mean and deviation are for.</param>
    public ArrayPreparation(StoredArray array, BnDataLoaderOptions options, bool normalise)
    {
        // Other integers than bytes, such as numbers of tokens, are scaled by nothing but what is given.
        IsNormalised = normalise && options.Mean.Count + options.StandardDeviation.Count > 0 && (array.DType.IsFloatingPoint() || !options.KeepIntegers);
        var isScaled = IsNormalised || (array.DType == DType.UInt8 && !options.KeepIntegers);
        OutputType = !isScaled || array.DType == DType.Float64 ? array.DType : DType.Float32;
        if (StoredArray.Size(OutputType.Size() > array.DType.Size() ? OutputType : array.DType, array.Shape.Skip(1).ToArray()) > int.MaxValue)
            throw DataErrors.ItemTooLarge(array.Name, array.Describe());
        _array = array;
        var sample = array.Shape.Skip(1).ToArray();
        if (options.Layout is not null && sample.Length is not (2 or 3))
            throw DataErrors.NotAnImageLayout(array.Name, array.Shape.Count);
        _isChannelsLast = options.Layout == ImageLayout.NHWC && sample.Length == 3;
        // Images of one channel are often stored without it.
        if (sample.Length == 2 && ((array.DType == DType.UInt8 && !options.KeepIntegers) || options.Layout is not null))
            sample = [1, .. sample];
        else if (_isChannelsLast)
            sample = [sample[2], sample[0], sample[1]];

        SampleShape = sample;
        _channels = sample.Length == 0 ? 1 : checked((int)sample[0]);
        _pixels = checked((int)sample.Skip(1).Aggregate(1L, (product, size) => product * size));
        _scale = isScaled ? new ChannelScale(array.Name, _channels, array.DType == DType.UInt8, options, normalise) : null;
    }

    /// <summary>Whether a mean is subtracted from its values, or they are divided by a deviation.</summary>
    public bool IsNormalised { get; }

    public string Name => _array.Name;

    public long Count => IsNumber ? 1 : _array.Shape[0];

    /// <summary>Whether it has no dimension, not even one for items.</summary>
    public bool IsNumber => _array.Shape.Count == 0;

    public DType OutputType { get; }

    /// <summary>The dimensions of one item as the model takes it.</summary>
    public IReadOnlyList<long> SampleShape { get; }

    public int OutputBytes => _channels * _pixels * OutputType.Size();

    /// <summary>Reads one item and writes it as the model takes it.</summary>
    public void Load(long index, Span<byte> output)
    {
        var size = _channels * _pixels * _array.DType.Size();
        if (_scale is null && !_isChannelsLast)
        {
            _array.Read(index * size, output);
            return;
        }
        var source = new byte[size];
        _array.Read(index * size, source);
        for (var channel = 0; channel < _channels; channel++)
            ConvertChannel(channel, source, output);
    }

    private void ConvertChannel(int channel, ReadOnlySpan<byte> source, Span<byte> output)
    {
        var (start, step) = _isChannelsLast ? (channel, _channels) : (channel * _pixels, 1);
        if (_scale is null)
            MoveBytes(channel, start, step, source, output);
        else if (_array.DType == DType.UInt8)
            _scale.Apply(channel, source, start, step, MemoryMarshal.Cast<byte, float>(output).Slice(channel * _pixels, _pixels));
        else if (OutputType == DType.Float64)
            _scale.Apply(channel, MemoryMarshal.Cast<byte, double>(source), start, step, MemoryMarshal.Cast<byte, double>(output).Slice(channel * _pixels, _pixels));
        else
            _scale.Apply(channel, _array.DType, source, start, step, MemoryMarshal.Cast<byte, float>(output).Slice(channel * _pixels, _pixels));
    }

    private void MoveBytes(int channel, int start, int step, ReadOnlySpan<byte> source, Span<byte> output)
    {
        var size = _array.DType.Size();
        for (var pixel = 0; pixel < _pixels; pixel++)
        {
            source.Slice((start + (pixel * step)) * size, size)
                .CopyTo(output[(((channel * _pixels) + pixel) * size)..]);
        }
    }
}

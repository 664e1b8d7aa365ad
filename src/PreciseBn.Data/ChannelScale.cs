using PreciseBn.Primitives;

namespace PreciseBn.Data;

/// <summary>
/// (value − mean) / deviation for each channel, in the order and precision of torchvision's ToTensor and Normalize: float32
/// throughout, float64 for float64 data.
/// </summary>
internal sealed class ChannelScale
{
    private const int ByteValues = 256;

    private readonly double[] _means;
    private readonly double[] _deviations;
    private readonly float[]? _table;

    public ChannelScale(string name, int channels, bool isByte, BnDataLoaderOptions options, bool normalise)
    {
        _means = Expand(normalise ? options.Mean : [], 0, channels, name, "-Mean");
        _deviations = Expand(normalise ? options.StandardDeviation : [], 1, channels, name, "-StandardDeviation");
        if (_deviations.Contains(0))
            throw DataErrors.ZeroDeviation();
        if (isByte)
            _table = Enumerable.Range(0, channels * ByteValues)
                .Select(i => Scale(i / ByteValues, i % ByteValues / 255f)).ToArray();
    }

    /// <summary>Scales bytes, which are divided by 255 first.</summary>
    public void Apply(int channel, ReadOnlySpan<byte> source, int start, int step, Span<float> output)
    {
        var table = _table.AsSpan(channel * ByteValues, ByteValues);
        for (var i = 0; i < output.Length; i++)
            output[i] = table[source[start + (i * step)]];
    }

    public void Apply(int channel, ReadOnlySpan<double> source, int start, int step, Span<double> output)
    {
        for (var i = 0; i < output.Length; i++)
            output[i] = (source[start + (i * step)] - _means[channel]) / _deviations[channel];
    }

    public void Apply(int channel, DType type, ReadOnlySpan<byte> source, int start, int step, Span<float> output)
    {
        var size = type.Size();
        for (var i = 0; i < output.Length; i++)
            output[i] = Scale(channel, (float)NumberFormat.Read(type, source[((start + (i * step)) * size)..]));
    }

    private float Scale(int channel, float value) => (value - (float)_means[channel]) / (float)_deviations[channel];

    private static double[] Expand(IReadOnlyList<double> values, double otherwise, int channels, string name, string option)
    {
        if (values.Count > 1 && values.Count != channels)
            throw DataErrors.WrongChannelCount(option, values.Count, channels, name);
        return Enumerable.Range(0, channels)
            .Select(channel => values.Count == 0 ? otherwise : values[Math.Min(channel, values.Count - 1)]).ToArray();
    }
}

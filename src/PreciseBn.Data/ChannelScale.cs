using PreciseBn.Primitives;

namespace PreciseBn.Data;

/// <summary>
/// (value − mean) / deviation for each channel, in the order and precision of torchvision's ToTensor and Normalize: float32
/// throughout, float64 for float64 data.
/// </summary>
internal sealed class ChannelScale
{
    private const int ByteValues = 256;
    // Rows of a table have as many channels as columns; tables for all of them would take more memory than the data.
    private const int MostTables = 4096;

    private readonly IReadOnlyList<double> _means;
    private readonly IReadOnlyList<double> _deviations;
    private readonly float[]? _tables;
    private readonly bool _isUniform;

    public ChannelScale(string name, int channels, bool isByte, BnDataLoaderOptions options, bool normalise)
    {
        _means = Check(normalise ? options.Mean : [], channels, name, "mean");
        _deviations = Check(normalise ? options.StandardDeviation : [], channels, name, "standard deviation");
        foreach (var mean in _means.Where(mean => !double.IsFinite(mean)))
            throw DataErrors.InvalidNormalization("mean", mean);
        foreach (var deviation in _deviations.Where(deviation => !double.IsFinite(deviation) || deviation <= 0))
            throw DataErrors.InvalidNormalization("standard deviation", deviation);
        _isUniform = _means.Count <= 1 && _deviations.Count <= 1;
        var tables = _isUniform ? 1 : channels;
        if (isByte && tables <= MostTables)
            _tables = Enumerable.Range(0, tables * ByteValues).Select(i => Scale(i / ByteValues, i % ByteValues / 255f)).ToArray();
    }

    /// <summary>Scales bytes, which are divided by 255 first.</summary>
    public void Apply(int channel, ReadOnlySpan<byte> source, int start, int step, Span<float> output)
    {
        if (_tables is null)
        {
            for (var i = 0; i < output.Length; i++)
                output[i] = Scale(channel, source[start + (i * step)] / 255f);
            return;
        }
        var table = _tables.AsSpan(_isUniform ? 0 : channel * ByteValues, ByteValues);
        for (var i = 0; i < output.Length; i++)
            output[i] = table[source[start + (i * step)]];
    }

    public void Apply(int channel, ReadOnlySpan<double> source, int start, int step, Span<double> output)
    {
        var (mean, deviation) = (Of(_means, channel, 0), Of(_deviations, channel, 1));
        for (var i = 0; i < output.Length; i++)
            output[i] = (source[start + (i * step)] - mean) / deviation;
    }

    public void Apply(int channel, DType type, ReadOnlySpan<byte> source, int start, int step, Span<float> output)
    {
        var size = type.Size();
        for (var i = 0; i < output.Length; i++)
            output[i] = Scale(channel, (float)NumberFormat.Read(type, source[((start + (i * step)) * size)..]));
    }

    private float Scale(int channel, float value) => (value - (float)Of(_means, channel, 0)) / (float)Of(_deviations, channel, 1);

    private static double Of(IReadOnlyList<double> values, int channel, double otherwise) =>
        values.Count == 0 ? otherwise : values[Math.Min(channel, values.Count - 1)];

    private static IReadOnlyList<double> Check(IReadOnlyList<double> values, int channels, string name, string what) =>
        values.Count > 1 && values.Count != channels ? throw DataErrors.WrongChannelCount(what, values.Count, channels, name) : values;
}

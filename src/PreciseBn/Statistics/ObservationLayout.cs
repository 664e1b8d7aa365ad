namespace PreciseBn.Statistics;

/// <summary>
/// How the statistics of a batch lie in one tensor of shape [2, Width]: row 0 holds the batch means of all layers, row 1
/// their unbiased batch variances. Behind the C columns of a layer stand two that count what it was given, and one that is 1,
/// for whoever counts on the device of the model.
/// </summary>
/// <remarks>
/// The counts are exact in float32. The first column is the number of values per channel modulo <see cref="LowModulus"/>; the
/// second is the rest of it times <see cref="UsesModulus"/>. How often the layer was called is in the second column, or, so that
/// a single call takes a single addition, in the first as a multiple of its modulus.
/// </remarks>
internal sealed class ObservationLayout
{
    public const int CounterColumns = 3;
    public const int LowModulus = 1 << 21;
    public const int UsesModulus = 1 << 10;

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

    /// <summary>The number of channels of each layer.</summary>
    public IReadOnlyList<int> Channels { get; }

    /// <summary>The first column of each layer.</summary>
    public int[] Starts { get; }

    /// <summary>The number of columns.</summary>
    public int Width { get; }

    /// <summary>What a layer was given, by a row of means and counters.</summary>
    public LayerCounts CountsOf(ReadOnlySpan<double> means, int layer)
    {
        var low = (long)means[Starts[layer] + Channels[layer]];
        var high = (long)means[Starts[layer] + Channels[layer] + 1];
        var values = (high / UsesModulus * LowModulus) + (low % LowModulus);
        var uses = (high % UsesModulus) + (low / LowModulus);
        return new LayerCounts(values, uses, values == 1 && uses == 1 ? 1 : 0);
    }

    /// <summary>The layer that each column belongs to.</summary>
    public IEnumerable<long> LayerOfColumn() =>
        Channels.SelectMany((channels, layer) => Enumerable.Repeat((long)layer, channels + CounterColumns));

    /// <summary>The column of each layer that holds the low part of its count.</summary>
    public IEnumerable<long> LowColumns() => Channels.Select((channels, layer) => (long)Starts[layer] + channels);

    /// <summary>The column of each layer that holds the high part of its count, and its uses.</summary>
    public IEnumerable<long> HighColumns() => LowColumns().Select(column => column + 1);

    /// <summary>The column of each layer that is 1.</summary>
    public IEnumerable<long> UnitColumns() => LowColumns().Select(column => column + 2);
}

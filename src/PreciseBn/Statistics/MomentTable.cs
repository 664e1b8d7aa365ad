namespace PreciseBn.Statistics;

/// <summary>
/// The rows of a <see cref="MomentTable"/>, in their order. With n the values of a batch, d its mean and e its biased variance, u its
/// unbiased one, each less a reference near it so that little cancels, the last thirteen are sums over the batches.
/// </summary>
internal enum MomentRow
{
    /// <summary>What observed means are less than those of the values; 0 unless these are far from 0.</summary>
    Origin,

    /// <summary>An observed mean near the others, from which they are counted.</summary>
    ReferenceMean,

    /// <summary>A variance, likewise.</summary>
    ReferenceVariance,

    /// <summary>Mean of all observed values less the reference.</summary>
    MeanOffset,

    /// <summary>Sum of the squared deviations of all values from their mean.</summary>
    SquaredDeviations,

    /// <summary>Σn².</summary>
    Weights,

    /// <summary>Σn²d.</summary>
    WeightedD,

    /// <summary>Σn²d².</summary>
    WeightedD2,

    /// <summary>Σn²d³.</summary>
    WeightedD3,

    /// <summary>Σn²d⁴.</summary>
    WeightedD4,

    /// <summary>Σn²e.</summary>
    WeightedE,

    /// <summary>Σn²ed.</summary>
    WeightedED,

    /// <summary>Σn²ed².</summary>
    WeightedED2,

    /// <summary>Σn²e².</summary>
    WeightedE2,

    /// <summary>Σd.</summary>
    D,

    /// <summary>Σd².</summary>
    D2,

    /// <summary>Σu.</summary>
    U,

    /// <summary>Σu².</summary>
    U2,
}

/// <summary>
/// What is known of the values of each channel of a layer: a row for each <see cref="MomentRow"/>, C columns, float64. The values of
/// one batch are not independent of each other (pixels of one image), so that the batch is what is drawn, and its size squared is its
/// weight; from the sums over the batches the spread of their statistics follows, whatever those of all values turn out to be.
/// </summary>
internal readonly struct MomentTable
{
    public const int Rows = (int)MomentRow.U2 + 1;

    /// <param name="channels">Number of channels C.</param>
    public MomentTable(int channels)
        : this(new double[Rows * channels])
    {
    }

    /// <param name="values">The table row by row, [Rows, C]; it is not copied.</param>
    public MomentTable(double[] values)
    {
        Values = values;
        Channels = values.Length / Rows;
    }

    /// <summary>The table row by row, [Rows, C].</summary>
    public double[] Values { get; }

    public int Channels { get; }

    /// <summary>A row, shape [C].</summary>
    public Span<double> this[MomentRow row] => Values.AsSpan((int)row * Channels, Channels);

    public double this[MomentRow row, int channel] => Values[((int)row * Channels) + channel];

    public MomentTable Copy() => new([.. Values]);
}

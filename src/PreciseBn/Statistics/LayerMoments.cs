namespace PreciseBn.Statistics;

/// <summary>The moments of the values that reached one layer, in float64.</summary>
internal sealed record LayerMoments
{
    /// <summary>Number of batches that reached the layer.</summary>
    public required long Batches { get; init; }

    /// <summary>How often they ran the layer; more than their number if it is reused.</summary>
    public required long Uses { get; init; }

    /// <summary>Number of values of each channel.</summary>
    public required long Count { get; init; }

    /// <summary>What is known of each channel.</summary>
    public required MomentTable Table { get; init; }

    /// <summary>How much successive batches are alike, see <see cref="Statistics.SerialCorrelation"/>; NaN where that is not known.</summary>
    public double SerialCorrelation { get; init; } = double.NaN;

    public int Channels => Table.Channels;

    /// <summary>Mean and variance as the estimator has them. At least one batch must have reached the layer.</summary>
    public (double[] Mean, double[] Variance) Estimate(Estimator estimator) => estimator switch
    {
        Estimator.PopulationVariance => (
            ForEachChannel(PooledMean),
            ForEachChannel(PooledVariance)),
        Estimator.MeanOfBatchVariance => (
            ForEachChannel(MeanOfMeans),
            ForEachChannel(MeanOfVariances)),
        _ => throw new ArgumentOutOfRangeException(nameof(estimator), estimator, null),
    };

    /// <summary>The standard errors of these.</summary>
    public StandardErrors Errors(Estimator estimator) => (estimator, Batches) switch
    {
        (_, < 2) => StandardErrors.Unknown(Channels),
        (Estimator.PopulationVariance, _) => new(ForEachChannel(PooledMeanError), ForEachChannel(PooledVarianceError)),
        _ => new(ForEachChannel(MeanOfMeansError), ForEachChannel(MeanOfVariancesError)),
    };

    private double Near(int channel) => Table[MomentRow.Origin, channel] + Table[MomentRow.ReferenceMean, channel];

    private double PooledMean(int channel) => Near(channel) + Table[MomentRow.MeanOffset, channel];

    private double MeanOfMeans(int channel) => Near(channel) + (Table[MomentRow.D, channel] / Batches);

    private double PooledVariance(int channel) => Table[MomentRow.SquaredDeviations, channel] / Count;

    private double MeanOfVariances(int channel) =>
        Math.Max(0, Table[MomentRow.ReferenceVariance, channel] + (Table[MomentRow.U, channel] / Batches));

    private double PooledMeanError(int channel) => StandardErrors.Relative(
        PooledError(SpreadOfPooledMean(channel)), Math.Sqrt(PooledVariance(channel)));

    private double PooledVarianceError(int channel) => StandardErrors.Relative(
        PooledError(SpreadOfPooledVariance(channel)), PooledVariance(channel));

    private double PooledError(double spread) => Math.Sqrt(spread * Batches / (Batches - 1)) / Count;

    private double MeanOfMeansError(int channel) => StandardErrors.Relative(
        AverageError(Spread(MomentRow.D, MomentRow.D2, channel)), Math.Sqrt(MeanOfVariances(channel)));

    private double MeanOfVariancesError(int channel) => StandardErrors.Relative(
        AverageError(Spread(MomentRow.U, MomentRow.U2, channel)), MeanOfVariances(channel));

    private double AverageError(double spread) => Math.Sqrt(spread / Batches / (Batches - 1));

    // Σ(x − mean x)² over the batches.
    private double Spread(MomentRow sum, MomentRow squares, int channel) =>
        Math.Max(0, Table[squares, channel] - (Table[sum, channel] * Table[sum, channel] / Batches));

    // Variance of the pooled mean, times (Σn)²(B−1)/B: Σn²(d − mean)².
    private double SpreadOfPooledMean(int channel)
    {
        var mean = Table[MomentRow.MeanOffset, channel];
        return Math.Max(0, Table[MomentRow.WeightedD2, channel] - (2 * mean * Table[MomentRow.WeightedD, channel]) + (mean * mean * Table[MomentRow.Weights, channel]));
    }

    // Likewise of the pooled variance: Σn²(e + (d − mean)² − variance)².
    private double SpreadOfPooledVariance(int channel)
    {
        double At(MomentRow row) => Table[row, channel];
        var mean = At(MomentRow.MeanOffset);
        var variance = PooledVariance(channel) - At(MomentRow.ReferenceVariance);
        var square = mean * mean;
        var shift2 = At(MomentRow.WeightedD2) - (2 * mean * At(MomentRow.WeightedD)) + (square * At(MomentRow.Weights));
        var shift4 = At(MomentRow.WeightedD4) - (4 * mean * At(MomentRow.WeightedD3)) + (6 * square * At(MomentRow.WeightedD2))
            - (4 * mean * square * At(MomentRow.WeightedD)) + (square * square * At(MomentRow.Weights));
        var mixed = At(MomentRow.WeightedED2) - (2 * mean * At(MomentRow.WeightedED)) + ((square - variance) * At(MomentRow.WeightedE));
        return Math.Max(0, At(MomentRow.WeightedE2) + (2 * mixed) + shift4 - (2 * variance * shift2) + (variance * variance * At(MomentRow.Weights)));
    }

    private double[] ForEachChannel(Func<int, double> value) => Enumerable.Range(0, Channels).Select(value).ToArray();
}

/// <summary>How far the statistics of a layer may be from those of endlessly many batches.</summary>
/// <param name="Mean">Standard error of the mean, in deviations of the channel, shape [C].</param>
/// <param name="LogVariance">Standard error of the logarithm of the variance, shape [C].</param>
internal sealed record StandardErrors(double[] Mean, double[] LogVariance)
{
    /// <summary>Nothing is known of the spread of fewer than two batches.</summary>
    public static StandardErrors Unknown(int channels) =>
        new(Filled(channels), Filled(channels));

    /// <summary>A standard error as a part of what it is the error of; 0 where both are 0, in a dead channel.</summary>
    public static double Relative(double error, double scale) => error == 0 ? 0 : error / scale;

    private static double[] Filled(int channels) => Enumerable.Repeat(double.NaN, channels).ToArray();
}

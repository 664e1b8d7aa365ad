namespace PreciseBn.Statistics;

/// <summary>The moments of the values that reached one layer, in float64.</summary>
internal sealed record LayerMoments
{
    public const int Rows = OwnRows + ClusterSums.Rows;

    private const int OwnRows = 5;

    /// <summary>Number of batches that reached the layer.</summary>
    public required long Batches { get; init; }

    /// <summary>How often they ran the layer; more than their number if it is reused.</summary>
    public required long Uses { get; init; }

    /// <summary>Number of values of each channel.</summary>
    public required long Count { get; init; }

    /// <summary>
    /// What is known of each channel, shape [Rows, C]: the five rows below, and those of <see cref="ClusterSums"/>.
    /// </summary>
    public required double[] Table { get; init; }

    /// <summary>What observed means are less than those of the values; 0 unless these are far from 0. Shape [C].</summary>
    public ReadOnlySpan<double> Origin => Row(0);

    /// <summary>An observed mean of each channel near the others, from which they are counted, shape [C].</summary>
    public ReadOnlySpan<double> ReferenceMean => Row(1);

    /// <summary>A variance of each channel, likewise.</summary>
    public ReadOnlySpan<double> ReferenceVariance => Row(2);

    /// <summary>Mean of all observed values less the reference, shape [C].</summary>
    public ReadOnlySpan<double> MeanOffset => Row(3);

    /// <summary>Sum of the squared deviations of all values from their mean, shape [C].</summary>
    public ReadOnlySpan<double> SquaredDeviations => Row(4);

    /// <summary>Sums for the standard errors.</summary>
    public ClusterSums Clusters => new(Table, OwnRows * Channels, Channels);

    public int Channels => Table.Length / Rows;

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

    private double PooledMean(int channel) => Origin[channel] + ReferenceMean[channel] + MeanOffset[channel];

    private double MeanOfMeans(int channel) => Origin[channel] + ReferenceMean[channel] + (Clusters.MeanOffsets[channel] / Batches);

    private double PooledVariance(int channel) => SquaredDeviations[channel] / Count;

    private double MeanOfVariances(int channel) => Math.Max(0, ReferenceVariance[channel] + (Clusters.VarianceOffsets[channel] / Batches));

    private double PooledMeanError(int channel) => StandardErrors.Relative(
        PooledError(Clusters.SpreadOfPooledMean(channel, MeanOffset[channel])), Math.Sqrt(PooledVariance(channel)));

    private double PooledVarianceError(int channel) => StandardErrors.Relative(
        PooledError(Clusters.SpreadOfPooledVariance(channel, MeanOffset[channel], PooledVariance(channel) - ReferenceVariance[channel])),
        PooledVariance(channel));

    private double PooledError(double spread) => Math.Sqrt(spread * Batches / (Batches - 1)) / Count;

    private double MeanOfMeansError(int channel) => StandardErrors.Relative(
        AverageError(Clusters.SpreadOfMeans(channel, Batches)), Math.Sqrt(MeanOfVariances(channel)));

    private double MeanOfVariancesError(int channel) => StandardErrors.Relative(
        AverageError(Clusters.SpreadOfVariances(channel, Batches)), MeanOfVariances(channel));

    private double AverageError(double spread) => Math.Sqrt(spread / Batches / (Batches - 1));

    private ReadOnlySpan<double> Row(int row) => Table.AsSpan(row * Channels, Channels);

    private double[] ForEachChannel(Func<int, double> value) => Enumerable.Range(0, Channels).Select(value).ToArray();
}

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

    /// <summary>A mean of each channel near the others, from which they are counted, shape [C].</summary>
    public required double[] ReferenceMean { get; init; }

    /// <summary>A variance of each channel, likewise.</summary>
    public required double[] ReferenceVariance { get; init; }

    /// <summary>Mean of all values less the reference, shape [C].</summary>
    public required double[] MeanOffset { get; init; }

    /// <summary>Sum of the squared deviations of all values from their mean, shape [C].</summary>
    public required double[] SquaredDeviations { get; init; }

    /// <summary>Sums for the standard errors.</summary>
    public required ClusterSums Clusters { get; init; }

    public int Channels => MeanOffset.Length;

    /// <summary>Mean and variance as the estimator has them. At least one batch must have reached the layer.</summary>
    public (double[] Mean, double[] Variance) Estimate(Estimator estimator) => estimator switch
    {
        Estimator.PopulationVariance => (
            ForEachChannel(channel => ReferenceMean[channel] + MeanOffset[channel]),
            ForEachChannel(PooledVariance)),
        Estimator.MeanOfBatchVariance => (
            ForEachChannel(channel => ReferenceMean[channel] + (Clusters.MeanOffsets[channel] / Batches)),
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

    private double[] ForEachChannel(Func<int, double> value) => Enumerable.Range(0, Channels).Select(value).ToArray();
}

using System.Numerics;

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

/// <summary>Statistics from before that count as some values, and are mixed with new ones as two sets of values are.</summary>
internal static class Prior
{
    /// <summary>Mean and variance of the mixture: the variances within, weighted, and that between the means.</summary>
    public static (double[] Mean, double[] Variance) Blend(
        double weight, (double[] Mean, double[] Variance) prior, long count, (double[] Mean, double[] Variance) measured)
    {
        if (weight == 0)
            return measured;
        var share = count / (weight + count);
        var mean = new double[prior.Mean.Length];
        var variance = new double[prior.Mean.Length];
        for (var channel = 0; channel < mean.Length; channel++)
        {
            var delta = measured.Mean[channel] - prior.Mean[channel];
            mean[channel] = prior.Mean[channel] + (delta * share);
            variance[channel] = ((1 - share) * prior.Variance[channel]) + (share * measured.Variance[channel])
                + (share * (1 - share) * delta * delta);
        }
        return (mean, variance);
    }

    /// <summary>
    /// The standard errors of the mixture. Of its parts only the measured one varies; a change of its mean moves the variance
    /// between the parts too.
    /// </summary>
    public static StandardErrors Errors(double weight, long count, StandardErrors measured,
        (double[] Mean, double[] Variance) prior, (double[] Mean, double[] Variance) estimate, double[] blended)
    {
        if (weight == 0)
            return measured;
        var share = count / (weight + count);
        var mean = new double[blended.Length];
        var logVariance = new double[blended.Length];
        for (var channel = 0; channel < blended.Length; channel++)
        {
            var meanError = measured.Mean[channel] * Math.Sqrt(estimate.Variance[channel]);
            var delta = estimate.Mean[channel] - prior.Mean[channel];
            var varianceError = double.Hypot(
                share * measured.LogVariance[channel] * estimate.Variance[channel], 2 * share * (1 - share) * delta * meanError);
            mean[channel] = StandardErrors.Relative(share * meanError, Math.Sqrt(blended[channel]));
            logVariance[channel] = StandardErrors.Relative(varianceError, blended[channel]);
        }
        return new StandardErrors(mean, logVariance);
    }
}

/// <summary>
/// How much successive batches are alike: the correlation of each batch mean with the one before. Of batches that are drawn at random
/// it is near 0, whatever the data; of data in some order, sorted by class or by date, it is near 1, and standard errors mean little.
/// </summary>
/// <param name="channels">Number of channels C.</param>
internal sealed class SerialCorrelation(int channels)
{
    private const int FewestBatches = 10;

    private readonly double[] _last = new double[channels];
    private readonly double[] _first = new double[channels];
    private readonly double[] _products = new double[channels];
    private long _batches;

    /// <summary>Whether batches with such a correlation, and so many of them, were plainly not drawn at random.</summary>
    public static bool IsPlain(double correlation, long batches) => correlation > 4 / Math.Sqrt(batches);

    /// <summary>Adds a batch.</summary>
    /// <param name="table">The moments, for what means are counted from.</param>
    /// <param name="means">The batch means, shape [C].</param>
    public void Add(MomentTable table, ReadOnlySpan<double> means)
    {
        var reference = table[MomentRow.ReferenceMean];
        var whole = means.Length - (means.Length % Vector<double>.Count);
        for (var channel = 0; channel < whole; channel += Vector<double>.Count)
        {
            var offset = new Vector<double>(means[channel..]) - new Vector<double>(reference[channel..]);
            var product = offset * new Vector<double>(_last, channel);
            (new Vector<double>(_products, channel) + product).CopyTo(_products, channel);
            offset.CopyTo(_last, channel);
        }
        for (var channel = whole; channel < means.Length; channel++)
        {
            var offset = means[channel] - reference[channel];
            _products[channel] += offset * _last[channel];
            _last[channel] = offset;
        }
        // Before the first batch the last one is 0.
        if (_batches == 0)
            _last.CopyTo(_first, 0);
        _batches++;
    }

    /// <summary>The correlation, as the mean over the channels that vary; NaN of few batches.</summary>
    /// <param name="table">The moments.</param>
    /// <param name="batches">The number of batches in them.</param>
    public double Estimate(MomentTable table, long batches)
    {
        // Others are in moments that were cleared in between.
        if (batches < FewestBatches || batches != _batches)
            return double.NaN;
        var (sum, varying) = (0.0, 0);
        for (var channel = 0; channel < _last.Length; channel++)
        {
            var total = table[MomentRow.D, channel];
            var mean = total / batches;
            var spread = table[MomentRow.D2, channel] - (mean * total);
            // Σ(x − mean)(y − mean) over the pairs of successive batches.
            var together = _products[channel] - (mean * ((2 * total) - _first[channel] - _last[channel])) + ((batches - 1) * mean * mean);
            if (!(spread > 1e-12 * table[MomentRow.D2, channel]))
                continue;
            sum += together / spread;
            varying++;
        }
        return varying == 0 ? double.NaN : sum / varying;
    }
}

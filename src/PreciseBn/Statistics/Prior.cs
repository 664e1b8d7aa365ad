namespace PreciseBn.Statistics;

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

namespace PreciseBn.Comparison;

/// <summary>How far two sets of statistics of a layer may differ by chance, because each comes from a sample of data.</summary>
/// <param name="Mean">The most that two means differ by, shape [C].</param>
/// <param name="LogVariance">The most that the logarithms of two variances differ by, shape [C].</param>
internal sealed record SamplingNoise(double[] Mean, double[] LogVariance)
{
    /// <summary>
    /// The noise of two sides of which one at least was measured. A file does not say how precise its statistics are: they are
    /// taken to be as precise as those of the other side. Of two files there is no noise known.
    /// </summary>
    /// <param name="reference">The one side.</param>
    /// <param name="difference">The other side, of as many channels.</param>
    /// <param name="risk">The probability that a channel differs by more.</param>
    public static SamplingNoise Between(ILayerStatistics reference, ILayerStatistics difference, double risk)
    {
        var first = Measured(reference) ?? Measured(difference);
        var second = Measured(difference) ?? first;
        if (first is null || second is null)
            return new SamplingNoise(new double[reference.Mean.Length], new double[reference.Mean.Length]);
        var quantile = StudentDistribution.TwoSidedQuantile(risk, Math.Min(first.Batches, second.Batches) - 1);
        return new SamplingNoise(
            Combine(first, second, quantile, (stat, channel) => stat.MeanStandardError[channel] * Math.Sqrt(stat.Variance[channel])),
            Combine(first, second, quantile, (stat, channel) => stat.LogVarianceStandardError[channel]));
    }

    // A layer that no batch reached has the statistics of the file.
    private static BnStat? Measured(ILayerStatistics statistics) => statistics is BnStat { Batches: > 0 } stat ? stat : null;

    private static double[] Combine(BnStat first, BnStat second, double quantile, Func<BnStat, int, double> error) =>
        Enumerable.Range(0, first.Channels).Select(channel =>
            quantile * double.Hypot(error(first, channel), error(second, channel))).ToArray();
}

/// <summary>Student's distribution: how many standard errors an estimate is off by chance, where the error is an estimate too.</summary>
internal static class StudentDistribution
{
    private const double RelativePrecision = 1e-9;

    /// <summary>The number of standard errors that an estimate is off, on either side, with the probability of a risk.</summary>
    /// <param name="risk">The probability, above 1e-12.</param>
    /// <param name="degrees">Degrees of freedom, at least 1.</param>
    public static double TwoSidedQuantile(double risk, long degrees)
    {
        var above = 1.0;
        while (TwoSidedTail(above, degrees) > risk)
            above *= 2;
        var below = 0.0;
        while (above - below > RelativePrecision * above)
        {
            var middle = (above + below) / 2;
            if (TwoSidedTail(middle, degrees) > risk)
                below = middle;
            else
                above = middle;
        }
        return above;
    }

    // Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
    private static double TwoSidedTail(double value, long degrees)
    {
        var angle = Math.Atan(value / Math.Sqrt(degrees));
        var (sine, cosine) = Math.SinCos(angle);
        var isOdd = degrees % 2 == 1;
        var term = degrees == 1 ? 0 : isOdd ? cosine : 1;
        var sum = term;
        for (var power = isOdd ? 3 : 2; power < degrees && term > double.Epsilon; power += 2)
        {
            term *= cosine * cosine * (power - 1) / power;
            sum += term;
        }
        return 1 - (isOdd ? 2 / Math.PI * (angle + (sine * sum)) : sine * sum);
    }
}

/// <summary>
/// Of all statistics that a layer may have, given the sampling errors of those that were measured, the ones closest to a
/// reference: what remains of a difference that noise cannot explain.
/// </summary>
internal sealed record ClosestStatistics : ILayerStatistics
{
    public required string Name { get; init; }

    public required double[] Mean { get; init; }

    public required double[] Variance { get; init; }

    public required double Eps { get; init; }

    public long? BatchesTracked => null;

    public string? Path => null;

    /// <param name="reference">The reference.</param>
    /// <param name="difference">The statistics that are compared with it, of as many channels.</param>
    /// <param name="noise">How far the two may differ by chance.</param>
    public static ClosestStatistics Find(ILayerStatistics reference, ILayerStatistics difference, SamplingNoise noise) => new()
    {
        Name = difference.Name,
        Eps = reference.Eps,
        Mean = reference.Mean.Select((mean, channel) =>
            mean + Shrink(difference.Mean[channel] - mean, noise.Mean[channel])).ToArray(),
        Variance = reference.Variance.Select((variance, channel) => variance == difference.Variance[channel]
            ? variance
            : variance * Math.Exp(Shrink(Math.Log(difference.Variance[channel] / variance), noise.LogVariance[channel]))).ToArray(),
    };

    private static double Shrink(double change, double margin) =>
        Math.Abs(change) <= margin ? 0 : change - Math.CopySign(margin, change);
}

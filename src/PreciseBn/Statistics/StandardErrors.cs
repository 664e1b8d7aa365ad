namespace PreciseBn.Statistics;

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

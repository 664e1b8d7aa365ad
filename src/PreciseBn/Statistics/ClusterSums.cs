namespace PreciseBn.Statistics;

/// <summary>
/// Sums over batches from which the spread of the batches' statistics around those of all values follows, whatever these turn
/// out to be. The values of one batch are not independent of each other (pixels of one image), so that the batch is what is
/// drawn, and its size squared is its weight.
/// </summary>
/// <remarks>
/// With n the values of a batch, d its mean and e its biased variance, u its unbiased one, each less a reference, the rows are
/// Σn², Σn²d, Σn²d², Σn²d³, Σn²d⁴, Σn²e, Σn²ed, Σn²ed², Σn²e², and without weights Σd, Σd², Σu, Σu². The references are near
/// the means, so that little cancels.
/// </remarks>
/// <param name="table">Holds the sums in the order above, shape [Rows, C], behind other things.</param>
/// <param name="start">Where they begin in it.</param>
/// <param name="channels">Number of channels C.</param>
internal readonly struct ClusterSums(double[] table, int start, int channels)
{
    public const int Rows = 13;

    /// <summary>Σd over the batches.</summary>
    public ReadOnlySpan<double> MeanOffsets => Row(9);

    /// <summary>Σu over the batches.</summary>
    public ReadOnlySpan<double> VarianceOffsets => Row(11);

    /// <summary>
    /// Variance of the pooled mean, times (Σn)²(B−1)/B.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="mean">The pooled mean, less the reference.</param>
    public double SpreadOfPooledMean(int channel, double mean) => Nonnegative(
        At(2, channel) - (2 * mean * At(1, channel)) + (mean * mean * At(0, channel)));

    /// <summary>
    /// Variance of the pooled variance, times (Σn)²(B−1)/B: that of e + (d − mean)² around the pooled variance.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="mean">The pooled mean, less the reference.</param>
    /// <param name="variance">The pooled variance, less the reference.</param>
    public double SpreadOfPooledVariance(int channel, double mean, double variance)
    {
        var square = mean * mean;
        var shift2 = At(2, channel) - (2 * mean * At(1, channel)) + (square * At(0, channel));
        var shift4 = At(4, channel) - (4 * mean * At(3, channel)) + (6 * square * At(2, channel))
            - (4 * mean * square * At(1, channel)) + (square * square * At(0, channel));
        var mixed = At(7, channel) - (2 * mean * At(6, channel)) + ((square - variance) * At(5, channel));
        return Nonnegative(At(8, channel) + (2 * mixed) + shift4 - (2 * variance * shift2) + (variance * variance * At(0, channel)));
    }

    /// <summary>Σ(d − mean d)² over the batches.</summary>
    public double SpreadOfMeans(int channel, long batches) =>
        Nonnegative(At(10, channel) - (At(9, channel) * At(9, channel) / batches));

    /// <summary>Σ(u − mean u)² over the batches.</summary>
    public double SpreadOfVariances(int channel, long batches) =>
        Nonnegative(At(12, channel) - (At(11, channel) * At(11, channel) / batches));

    private double At(int row, int channel) => table[start + (row * channels) + channel];

    private ReadOnlySpan<double> Row(int row) => table.AsSpan(start + (row * channels), channels);

    private static double Nonnegative(double value) => Math.Max(0, value);
}

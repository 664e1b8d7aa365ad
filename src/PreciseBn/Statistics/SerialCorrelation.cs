namespace PreciseBn.Statistics;

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
        for (var channel = 0; channel < means.Length; channel++)
        {
            var offset = means[channel] - reference[channel];
            if (_batches == 0)
                _first[channel] = offset;
            else
                _products[channel] += offset * _last[channel];
            _last[channel] = offset;
        }
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

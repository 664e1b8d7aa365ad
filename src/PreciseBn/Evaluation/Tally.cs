namespace PreciseBn.Evaluation;

/// <summary>Mean and standard error of a number of samples, of which none is kept (Welford).</summary>
internal sealed class Tally
{
    private double _squares;

    public long Count { get; private set; }

    public double Mean { get; private set; }

    /// <summary>The deviation of the samples over the root of their number; <c>null</c> if it cannot be known: of one sample, or beside infinity.</summary>
    public double? Error => Count > 1 && double.IsFinite(_squares) ? Math.Sqrt(_squares / (Count - 1) / Count) : null;

    public void Add(double value)
    {
        Count++;
        var delta = value - Mean;
        // Infinity less infinity is no number, but infinity it stays.
        Mean = double.IsFinite(delta) ? Mean + (delta / Count) : value + Mean;
        _squares += delta * (value - Mean);
    }

    /// <summary>The standard error of a part of so many samples; <c>null</c> of one.</summary>
    public static double? ErrorOfPart(double part, long count) => count > 1 ? Math.Sqrt(part * (1 - part) / count) : null;
}

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

/// <summary>The root of a ratio of two means, of numbers that come in pairs, and its standard error.</summary>
internal sealed class RatioTally
{
    private long _count;
    private (double Above, double Below) _sum;
    private (double Above, double Both, double Below) _squares;

    /// <summary>0 where nothing is above; infinity where only below there is nothing.</summary>
    public double Root => _sum.Above == 0 ? 0 : Math.Sqrt(_sum.Above / _sum.Below);

    /// <summary>From how far each number above is from its share of the one below it; <c>null</c> if it cannot be known: of one pair, or beside infinity.</summary>
    public double? Error
    {
        get
        {
            var ratio = _sum.Above / _sum.Below;
            if (_count < 2 || !double.IsFinite(ratio))
                return null;
            if (ratio == 0)
                return 0;
            var squares = Math.Max(0, _squares.Above - (2 * ratio * _squares.Both) + (ratio * ratio * _squares.Below));
            var error = Math.Sqrt(squares * _count / (_count - 1)) / _sum.Below / (2 * Math.Sqrt(ratio));
            return double.IsFinite(error) ? error : null;
        }
    }

    public void Add(double above, double below)
    {
        _count++;
        _sum = (_sum.Above + above, _sum.Below + below);
        _squares = (_squares.Above + (above * above), _squares.Both + (above * below), _squares.Below + (below * below));
    }
}

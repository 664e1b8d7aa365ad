using ScottPlot;
using ScottPlot.TickGenerators;

namespace PreciseBn.Reports.Plots;

/// <summary>
/// Puts values on a vertical axis: as they are, or by their logarithm where the largest would leave nothing of the others. What
/// has no end or is beyond all measure, such as the shift of a channel that had no variance, goes to the upper end.
/// </summary>
internal sealed class Scale
{
    private const double Headroom = 1.08;
    private const double BeyondMeasure = 1e12;
    private const double MarginForMarks = 0.04;

    private readonly double _bottom;
    private readonly double _top;
    private readonly bool _isLogarithmic;

    private Scale(double bottom, double top, bool isLogarithmic)
    {
        _bottom = bottom;
        _top = top;
        _isLogarithmic = isLogarithmic;
    }

    /// <param name="values">The values.</param>
    /// <param name="bottom">The least that a value can be.</param>
    /// <param name="limit">A value that is to be seen in any case.</param>
    public static Scale From(double bottom, IEnumerable<double> values, double limit)
    {
        const double LargestOnLinearScale = 10;
        var top = values.Where(value => value <= BeyondMeasure).Append(limit).Max();
        return top > LargestOnLinearScale * limit
            ? Logarithmic(Math.Max(bottom, limit / 100), top)
            : new Scale(bottom, bottom + ((top - bottom) * Headroom), isLogarithmic: false);
    }

    /// <summary>From one positive value to another.</summary>
    public static Scale Logarithmic(double bottom, double top) => new(bottom, top * Math.Pow(top / bottom, Headroom - 1), isLogarithmic: true);

    /// <summary>Where a value is on the axis.</summary>
    public double Place(double value)
    {
        var shown = value <= BeyondMeasure ? Math.Clamp(value, _bottom, _top) : _top;
        return _isLogarithmic ? Math.Log10(shown) : shown;
    }

    /// <summary>Makes it the scale of a plot.</summary>
    public void Apply(Plot plot)
    {
        var (bottom, top) = (Place(_bottom), Place(_top));
        plot.Axes.SetLimitsY(bottom, top + ((top - bottom) * MarginForMarks));
        if (_isLogarithmic)
            plot.Axes.Left.TickGenerator = new NumericManual(Ticks().ToArray());
    }

    private IEnumerable<Tick> Ticks()
    {
        var first = (int)Math.Ceiling(Math.Log10(_bottom) - 1e-9);
        var last = (int)Math.Floor(Math.Log10(_top) + 1e-9);
        var step = Math.Max(1, (last - first) / 5);
        for (var power = first; power <= last; power += step)
            yield return new Tick(power, Number.Short(Math.Pow(10, power)));
    }
}

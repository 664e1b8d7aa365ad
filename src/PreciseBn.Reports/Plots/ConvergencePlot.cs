using ScottPlot;
using ScottPlot.TickGenerators;

namespace PreciseBn.Reports.Plots;

/// <summary>How precise the statistics became with more batches; of all layers and channels the worst.</summary>
internal sealed class ConvergencePlot : IPanels
{
    private const float DataHeight = 140;
    private const double BeyondMeasure = 1e12;

    private static readonly Key Error = new("standard error", MarkerShape.FilledCircle, PlotColors.After);
    private static readonly Key Distance = new("distance from the result", MarkerShape.OpenCircle, PlotColors.Before);

    private readonly ConvergencePoint[] _points;

    /// <param name="stats">The layers; of those without a record nothing is shown.</param>
    public ConvergencePlot(IEnumerable<BnStat> stats) => _points = stats.SelectMany(stat => stat.Convergence)
        .GroupBy(point => point.Batches).OrderBy(group => group.Key)
        .Select(group => new ConvergencePoint(
            group.Key, group.Max(point => point.MeanError), group.Max(point => point.VarianceError),
            group.Max(point => point.MeanDistance), group.Max(point => point.VarianceDistance)))
        .ToArray();

    /// <summary>Whether there is anything to see: what was recorded at two times at least.</summary>
    public bool IsWorthwhile => _points.Length > 1;

    public string Description => $"Errors of means, and below them of variances, against the number of batches, up to {_points[^1].Batches}.";

    public IReadOnlyList<Panel> Make(float width)
    {
        var mean = new Panel("Means, the worst channel, in standard deviations", [Error, Distance], DataHeight, bottom: 14);
        Add(mean.Plot, point => point.MeanError, point => point.MeanDistance);
        mean.Plot.Axes.Bottom.TickGenerator = new EmptyTickGenerator();
        var variance = new Panel("Logarithms of variances, the worst channel", [Error, Distance], DataHeight, bottom: 40);
        Add(variance.Plot, point => point.VarianceError, point => point.VarianceDistance);
        variance.NameAxis("Batches");
        var ticks = _points.Where(point => long.IsPow2(point.Batches))
            .Select(point => new Tick(Math.Log2(point.Batches), Number.Text(point.Batches)));
        variance.Plot.Axes.Bottom.TickGenerator = new NumericManual(ticks.ToArray());
        return [mean, variance];
    }

    private void Add(Plot plot, Func<ConvergencePoint, double> error, Func<ConvergencePoint, double> distance)
    {
        // In the end there is no distance, and of one batch no error is known.
        bool IsShown(double value) => value is > 0 and < BeyondMeasure;
        var shown = _points.SelectMany(point => new[] { error(point), distance(point) }).Where(IsShown).DefaultIfEmpty(1).ToArray();
        var scale = Scale.Logarithmic(shown.Min() / 1.2, shown.Max());
        scale.Apply(plot);
        plot.Axes.SetLimitsX(-0.2, Math.Log2(_points[^1].Batches) + 0.2);
        foreach (var (key, value) in new[] { (Distance, distance), (Error, error) })
        {
            var line = plot.Add.Scatter(_points.Where(point => IsShown(value(point)))
                .Select(point => new Coordinates(Math.Log2(point.Batches), scale.Place(value(point)))).ToArray());
            line.Color = key.Color;
            line.LineWidth = 2;
            line.MarkerShape = key.Shape;
            line.MarkerSize = Key.Size - 2;
            line.MarkerLineWidth = 2;
        }
    }
}

using PreciseBn.Comparison;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace PreciseBn.Reports.Plots;

/// <summary>How far each layer has moved, in the order of the network: its largest change of a mean, and of a variance.</summary>
internal sealed class DriftPlot(IReadOnlyList<BnComparison> layers) : IPanels
{
    private const float DataHeight = 150;
    private const int MostStems = 150;

    public string Description =>
        $"For each of {layers.Count} layers in the order of the network, the largest change of a mean, and below it the largest ratio of variances.";

    public IReadOnlyList<Panel> Make(float width)
    {
        var names = LayerAxis.Fit(layers, width);
        var shift = NewPanel("Largest change of a mean, in standard deviations", DriftSeverity.LargeMeanShift, DriftSeverity.VeryLargeMeanShift, bottom: 14);
        Add(shift.Plot, layer => layer.MeanShift, 0, DriftSeverity.OfMeanShift, DriftSeverity.LargeMeanShift, DriftSeverity.VeryLargeMeanShift, width);
        shift.Plot.Axes.Bottom.TickGenerator = new EmptyTickGenerator();

        var ratio = NewPanel("Largest ratio of variances", DriftSeverity.LargeVarianceRatio, DriftSeverity.VeryLargeVarianceRatio, names.Height);
        Add(ratio.Plot, layer => layer.VarianceRatio, 1, DriftSeverity.OfVarianceRatio, DriftSeverity.LargeVarianceRatio, DriftSeverity.VeryLargeVarianceRatio, width);
        names.Apply(ratio);
        return [shift, ratio];
    }

    private static Panel NewPanel(string title, double large, double veryLarge, float bottom) => new(
        title,
        [
            new($"up to {Number.Short(large)}", Shape(FindingSeverity.Information), PlotColors.Information),
            new($"noticeable above {Number.Short(large)}", Shape(FindingSeverity.Warning), PlotColors.Warning),
            new($"far above {Number.Short(veryLarge)}", Shape(FindingSeverity.Error), PlotColors.Error),
        ],
        DataHeight, bottom);

    private void Add(
        Plot plot, Func<BnComparison, double?> value, double bottom, Func<double, FindingSeverity> judge, double large, double veryLarge, float width)
    {
        var values = layers.Select((layer, position) => (Position: position + 1.0, Value: value(layer)))
            .Where(point => point.Value is not null).Select(point => (point.Position, Value: point.Value!.Value)).ToArray();
        var scale = Scale.From(bottom, values.Select(point => point.Value), veryLarge);
        scale.Apply(plot);
        plot.Axes.SetLimitsX(0.4, layers.Count + 0.6);
        // Not dashed: Skia's SVG writes dashes as shapes, and complains on the error stream.
        plot.Add.HorizontalLine(scale.Place(large), 1, PlotColors.Warning);
        plot.Add.HorizontalLine(scale.Place(veryLarge), 1, PlotColors.Error);
        foreach (var group in values.GroupBy(point => judge(point.Value)).OrderBy(group => group.Key))
        {
            var points = group.Select(point => new Coordinates(point.Position, scale.Place(point.Value))).ToArray();
            if (layers.Count <= MostStems)
                AddStems(plot, points, scale.Place(bottom), PlotColors.Of(group.Key), Math.Clamp(width / layers.Count / 6, 1, 3));
            plot.Add.Markers(points, Shape(group.Key), layers.Count <= MostStems ? Key.Size : Key.Size - 3, PlotColors.Of(group.Key));
        }
    }

    // One for each severity, for those who do not see its colour.
    private static MarkerShape Shape(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Information => MarkerShape.FilledCircle,
        FindingSeverity.Warning => MarkerShape.FilledTriangleUp,
        _ => MarkerShape.FilledDiamond,
    };

    private static void AddStems(Plot plot, Coordinates[] points, double bottom, Color color, float width)
    {
        foreach (var point in points)
        {
            var stem = plot.Add.Line(point.X, bottom, point.X, point.Y);
            stem.LineColor = color;
            stem.LineWidth = width;
        }
    }
}

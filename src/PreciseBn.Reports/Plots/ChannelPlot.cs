using PreciseBn.Comparison;
using ScottPlot;

namespace PreciseBn.Reports.Plots;

/// <summary>The means and deviations of a layer's channels on both sides, with their errors; those that diverge most, worst first.</summary>
/// <param name="reference">The layer before, or of the reference.</param>
/// <param name="difference">The layer after, or what is compared; it has as many channels.</param>
internal sealed class ChannelPlot(ILayerStatistics reference, ILayerStatistics difference) : IPanels
{
    private const float DataHeight = 130;
    private const int MostChannels = 24;
    private const float WidthOfChannel = 26;
    private const double ErrorsShown = 2;
    private const double BeyondMeasure = 1e30;
    private const double Aside = 0.13;

    private static readonly (MarkerShape Shape, Color Color) Before = (MarkerShape.OpenCircle, PlotColors.Before);
    private static readonly (MarkerShape Shape, Color Color) After = (MarkerShape.FilledCircle, PlotColors.After);

    public string Description =>
        $"Means, and below them deviations, of the channels of the layer {difference.Name} that diverge most, before and after.";

    public IReadOnlyList<Panel> Make(float width)
    {
        var channels = Worst(Math.Min(MostChannels, (int)((width - Panel.Left - Panel.Right) / WidthOfChannel)));
        var mean = NewPanel("Mean of the channel", bottom: 14);
        Add(mean, channels, Mean);
        mean.Plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.EmptyTickGenerator();
        var deviation = NewPanel("Deviation of the channel", bottom: 40);
        Add(deviation, channels, Deviation);
        deviation.NameAxis("Channel, the worst first");
        deviation.Plot.Axes.Bottom.SetTicks(
            channels.Select((_, position) => (double)position).ToArray(), channels.Select(channel => $"{channel}").ToArray());
        return [mean, deviation];
    }

    private int[] Worst(int count) => Enumerable.Range(0, reference.Mean.Length).OrderByDescending(Divergence).Take(count).ToArray();

    // What cannot be compared is worse than all that can.
    private double Divergence(int channel)
    {
        var divergence = Distance.Divergence(
            reference.Mean[channel], reference.Variance[channel], difference.Mean[channel], difference.Variance[channel], reference.Eps);
        return double.IsNaN(divergence) ? double.PositiveInfinity : divergence;
    }

    private static Panel NewPanel(string title, float bottom) => new(
        title,
        [new("before", Before.Shape, Before.Color), new("after, with 2 standard errors", After.Shape, After.Color)],
        DataHeight, bottom);

    private void Add(Panel panel, int[] channels, Func<ILayerStatistics, int, (double Value, double Error)> read)
    {
        foreach (var (layer, (shape, color), aside) in new[] { (reference, Before, -Aside), (difference, After, Aside) })
        {
            var points = channels.Select((channel, position) => (X: position + aside, Y: read(layer, channel)))
                .Where(point => Math.Abs(point.Y.Value) < BeyondMeasure).ToArray();
            var bars = points.Where(point => point.Y.Error is > 0 and < BeyondMeasure).ToArray();
            var errors = panel.Plot.Add.ErrorBar(
                bars.Select(bar => bar.X).ToArray(), bars.Select(bar => bar.Y.Value).ToArray(), bars.Select(bar => ErrorsShown * bar.Y.Error).ToArray());
            errors.Color = color;
            errors.LineWidth = 1.5f;
            errors.CapSize = 3;
            var marks = panel.Plot.Add.Markers(points.Select(point => new Coordinates(point.X, point.Y.Value)).ToArray(), shape, Key.Size - 2, color);
            marks.MarkerLineWidth = 2;
        }
        panel.Plot.Axes.AutoScale();
        panel.Plot.Axes.SetLimitsX(-0.6, channels.Length - 0.4);
    }

    private static (double Value, double Error) Mean(ILayerStatistics layer, int channel) =>
        (layer.Mean[channel], layer is BnStat stat ? stat.MeanStandardError[channel] * Math.Sqrt(stat.Variance[channel]) : 0);

    // The logarithm of a deviation is half that of the variance, and so is its error.
    private static (double Value, double Error) Deviation(ILayerStatistics layer, int channel)
    {
        var deviation = Math.Sqrt(layer.Variance[channel]);
        return (deviation, layer is BnStat stat ? stat.LogVarianceStandardError[channel] / 2 * deviation : 0);
    }
}

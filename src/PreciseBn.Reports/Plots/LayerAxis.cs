using ScottPlot;
using ScottPlot.TickGenerators;

namespace PreciseBn.Reports.Plots;

/// <summary>The layers along a horizontal axis: their names where these fit, side by side or slanted, or else their positions.</summary>
internal sealed class LayerAxis
{
    private const double LetterWidth = 6.6;
    private const double LineHeight = 13;
    private const int LongestName = 26;
    private const float HeightOfOneLine = 40;
    private const float Slope = 60;

    private readonly string[] _names;
    private readonly bool _areSlanted;

    private LayerAxis(string[] names, bool areSlanted, float height)
    {
        _names = names;
        _areSlanted = areSlanted;
        Height = height;
    }

    /// <summary>The height it needs, in pixels.</summary>
    public float Height { get; }

    /// <param name="layers">The layers.</param>
    /// <param name="width">The width of the picture, in pixels.</param>
    public static LayerAxis Fit(IReadOnlyList<BnComparison> layers, float width)
    {
        var names = layers.Select(layer => Shorten(layer.Name)).ToArray();
        var longest = names.Max(name => name.Length) * LetterWidth;
        var room = (width - Panel.Left - Panel.Right) / layers.Count;
        return longest + LineHeight < room ? new(names, areSlanted: false, HeightOfOneLine)
            : room > LineHeight ? new(names, areSlanted: true, (float)(longest * Math.Sin(Slope * Math.PI / 180)) + HeightOfOneLine - 24)
            : new([], areSlanted: false, HeightOfOneLine);
    }

    public void Apply(Panel panel)
    {
        var axis = panel.Plot.Axes.Bottom;
        if (_names.Length == 0)
        {
            panel.NameAxis("Position of the layer in the network");
            axis.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true, LabelFormatter = Number.Short };
            return;
        }
        axis.SetTicks(_names.Select((_, position) => position + 1.0).ToArray(), _names);
        if (_areSlanted)
        {
            // Their ends are where the name of the axis would be.
            axis.TickLabelStyle.Rotation = -Slope;
            axis.TickLabelStyle.Alignment = Alignment.MiddleRight;
        }
        else
        {
            panel.NameAxis("Layer");
        }
    }

    private static string Shorten(string name) => name.Length <= LongestName ? name : $"…{name[^(LongestName - 1)..]}";
}

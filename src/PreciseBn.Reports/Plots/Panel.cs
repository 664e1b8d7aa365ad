using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;

namespace PreciseBn.Reports.Plots;

/// <summary>Plots that lie above each other and make one picture.</summary>
internal interface IPanels
{
    /// <summary>What the picture shows, for those who do not see it: one sentence.</summary>
    string Description { get; }

    /// <summary>Makes them for a picture of a width, in pixels.</summary>
    /// <returns>The plots from above; they are the caller's.</returns>
    IReadOnlyList<Panel> Make(float width);
}

/// <summary>A plot in the style of the report, below a title and the keys to its marks. Several lie above each other.</summary>
internal sealed class Panel : IDisposable
{
    /// <summary>Where the data begin and end, from the sides, in pixels.</summary>
    public const float Left = 52;

    /// <summary>What is free of data at the right.</summary>
    public const float Right = 18;

    private const float Top = 48;
    private const float TitleLine = 15;
    private const float KeyLine = 34;
    private const float KeyFontSize = 12;

    private readonly string _title;
    private readonly IReadOnlyList<Key> _keys;

    /// <param name="title">What the vertical axis is, with its unit.</param>
    /// <param name="keys">What the marks stand for.</param>
    /// <param name="height">The height of the data, in pixels.</param>
    /// <param name="bottom">The height of what stands below them.</param>
    public Panel(string title, IReadOnlyList<Key> keys, float height, float bottom)
    {
        _title = title;
        _keys = keys;
        Height = Top + height + bottom;
        Plot.FigureBackground.Color = Colors.Transparent;
        Plot.DataBackground.Color = Colors.Transparent;
        Plot.RenderManager.ClearCanvasBeforeEachRender = false;
        Plot.Axes.Color(PlotColors.Ink);
        foreach (var axis in new IAxis[] { Plot.Axes.Left, Plot.Axes.Right, Plot.Axes.Top })
            axis.FrameLineStyle.Width = 0;
        foreach (var axis in new IAxis[] { Plot.Axes.Left, Plot.Axes.Bottom })
        {
            axis.MajorTickStyle.Length = 0;
            axis.MinorTickStyle.Length = 0;
            axis.TickLabelStyle.FontSize = 12;
        }
        Plot.Grid.MajorLineColor = PlotColors.Grid;
        Plot.Grid.XAxisStyle.IsVisible = false;
        Plot.Axes.Left.TickGenerator = new NumericAutomatic { TickDensity = 0.6, LabelFormatter = Number.Short };
        Plot.Layout.Fixed(new PixelPadding(Left, Right, bottom, Top));
        PlotFont.Use(Plot);
    }

    public Plot Plot { get; } = new();

    public float Height { get; }

    /// <summary>Names the horizontal axis.</summary>
    public void NameAxis(string name)
    {
        Plot.Axes.Bottom.Label.Text = name;
        Plot.Axes.Bottom.Label.FontSize = 12;
        Plot.Axes.Bottom.Label.Bold = false;
        Plot.Axes.Bottom.Label.ForeColor = PlotColors.Ink;
    }

    /// <summary>Draws it.</summary>
    /// <param name="canvas">The picture.</param>
    /// <param name="top">Where it begins.</param>
    /// <param name="width">How wide the picture is.</param>
    public void Draw(SKCanvas canvas, float top, float width)
    {
        Plot.Render(canvas, new PixelRect(0, width, top + Height, top));
        using var typeface = PlotFont.Create();
        using var titleFont = new SKFont(typeface, size: 13);
        using var keyFont = new SKFont(typeface, KeyFontSize);
        using var ink = new SKPaint { Color = PlotColors.Ink.ToSKColor(), IsAntialias = true };
        canvas.DrawText(_title, 4, top + TitleLine, titleFont, ink);
        var left = 4f;
        foreach (var key in _keys)
        {
            using var paint = Paint.NewDisposablePaint();
            new MarkerStyle(key.Shape, Key.Size, key.Color) { LineWidth = 2 }.Render(canvas, new Pixel(left + (Key.Size / 2), top + KeyLine - 4), paint);
            left += Key.Size + 5;
            canvas.DrawText(key.Text, left, top + KeyLine, keyFont, ink);
            left += keyFont.MeasureText(key.Text) + 14;
        }
    }

    public void Dispose() => Plot.Dispose();
}

/// <summary>What a mark in a plot stands for.</summary>
/// <param name="Text">A word or two.</param>
/// <param name="Shape">The mark.</param>
/// <param name="Color">Its colour.</param>
internal sealed record Key(string Text, MarkerShape Shape, Color Color)
{
    /// <summary>How large marks are, in pixels, where there is room.</summary>
    public const float Size = 9;
}

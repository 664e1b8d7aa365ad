using System.Text;
using SkiaSharp;

namespace PreciseBn.Reports.Plots;

/// <summary>Plots that lie above each other, as one picture.</summary>
internal sealed class Picture : IDisposable
{
    // As sharp as the screens and printers of today.
    private const int PixelsPerUnit = 2;

    private readonly IReadOnlyList<Panel> _panels;
    private readonly float _width;

    /// <param name="panels">The plots.</param>
    /// <param name="width">The width in pixels.</param>
    public Picture(IPanels panels, float width)
    {
        _panels = panels.Make(width);
        _width = width;
    }

    private float Height => _panels.Sum(panel => panel.Height);

    /// <summary>As a PNG file, on white.</summary>
    public byte[] ToPng()
    {
        using var surface = SKSurface.Create(new SKImageInfo((int)_width * PixelsPerUnit, (int)Height * PixelsPerUnit));
        surface.Canvas.Clear(SKColors.White);
        surface.Canvas.Scale(PixelsPerUnit);
        Draw(surface.Canvas);
        using var image = surface.Snapshot();
        using var png = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        return png.ToArray();
    }

    /// <summary>As the text of an SVG document without a background.</summary>
    public string ToSvg()
    {
        using var file = new MemoryStream();
        using (var canvas = SKSvgCanvas.Create(SKRect.Create(_width, Height), file))
            Draw(canvas);
        return Encoding.UTF8.GetString(file.ToArray());
    }

    public void Dispose()
    {
        foreach (var panel in _panels)
            panel.Dispose();
    }

    private void Draw(SKCanvas canvas)
    {
        float top = 0;
        foreach (var panel in _panels)
        {
            panel.Draw(canvas, top, _width);
            top += panel.Height;
        }
    }
}

using System.Reflection;
using ScottPlot;
using SkiaSharp;

namespace PreciseBn.Reports.Plots;

/// <summary>
/// The font of all plots. A plot has each letter in the place that its font gives it, so that the font must not depend on the
/// machine; some have none at all.
/// </summary>
internal sealed class PlotFont : IFontResolver
{
    public const string Name = "Roboto";

    private static readonly byte[] File = Read();
    private static readonly PlotFont Resolver = new();

    /// <summary>The font as a style sheet that brings it along.</summary>
    public static string StyleSheet { get; } =
        $"@font-face{{font-family:{Name};src:url(data:font/ttf;base64,{Convert.ToBase64String(File)}) format(\"truetype\")}}";

    /// <summary>Sets the text of a plot in it.</summary>
    public static void Use(Plot plot)
    {
        lock (Resolver)
        {
            if (!Fonts.FontResolvers.Contains(Resolver))
                Fonts.FontResolvers.Insert(0, Resolver);
        }
        plot.Font.Set(Name);
    }

    public static SKTypeface Create()
    {
        using var data = SKData.CreateCopy(File);
        return SKTypeface.FromData(data);
    }

    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Name ? Create() : null;

    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) =>
        CreateTypeface(fontName, FontWeight.Normal, FontSlant.Upright, FontSpacing.Normal);

    private static byte[] Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Roboto.ttf")!;
        var file = new byte[stream.Length];
        stream.ReadExactly(file);
        return file;
    }
}

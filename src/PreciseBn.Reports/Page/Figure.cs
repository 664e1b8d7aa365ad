using System.Xml.Linq;
using PreciseBn.Reports.Plots;

namespace PreciseBn.Reports.Page;

/// <summary>A plot in the page, drawn twice: one for wide screens and paper, one for phones. The style sheet shows one of them.</summary>
internal static class Figure
{
    private const float Wide = 1000;
    private const float Narrow = 340;

    /// <param name="panels">The plot.</param>
    /// <param name="name">What no other figure is called.</param>
    public static XElement Make(IPanels panels, string name) =>
        Html.Element("figure", "", Draw(panels, name + "-wide-", "wide", Wide), Draw(panels, name + "-narrow-", "narrow", Narrow));

    private static XElement Draw(IPanels panels, string prefix, string styleClass, float width)
    {
        using var picture = new Picture(panels, width);
        return SvgText.ForPage(picture.ToSvg(), panels.Description, prefix, styleClass);
    }
}

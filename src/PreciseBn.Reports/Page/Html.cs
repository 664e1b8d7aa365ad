using System.Xml.Linq;
using PreciseBn.Reports.Plots;

namespace PreciseBn.Reports.Page;

/// <summary>Short ways to make elements. All text goes through them, and so is escaped.</summary>
internal static class Html
{
    /// <summary>An element with a class; never written as an empty tag, which HTML takes for one that is not closed.</summary>
    public static XElement Element(string name, string styleClass, params object?[] content)
    {
        var element = new XElement(name, styleClass.Length > 0 ? new XAttribute("class", styleClass) : null, content);
        if (element.IsEmpty)
            element.Add("");
        return element;
    }

    /// <summary>A part of the page with a heading.</summary>
    public static XElement Section(string heading, params object?[] content) =>
        new("section", new XElement("h2", heading), content);

    /// <summary>The plural of a noun with its number.</summary>
    public static string Count(long count, string noun) => $"{Number.Text(count)} {noun}{(count == 1 ? "" : noun.EndsWith('h') ? "es" : "s")}";
}

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

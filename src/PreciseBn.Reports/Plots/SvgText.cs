using System.Xml.Linq;

namespace PreciseBn.Reports.Plots;

/// <summary>Makes the SVG that a plot is drawn as fit to stand in a page, or in a file of its own.</summary>
internal static class SvgText
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>An element for a page: its colours are those of the page, in light and dark, and its names are its own.</summary>
    /// <param name="svg">What was drawn.</param>
    /// <param name="description">What is to be read aloud.</param>
    /// <param name="prefix">What its names begin with; no other picture of the page has it.</param>
    /// <param name="styleClass">The class that the style sheet knows it by.</param>
    public static XElement ForPage(string svg, string description, string prefix, string styleClass)
    {
        var root = Parse(svg, description);
        root.Add(new XAttribute("class", styleClass));
        foreach (var attribute in root.Descendants().Attributes())
        {
            if (PlotColors.Variables.TryGetValue(attribute.Value, out var variable))
                attribute.Value = $"var(--{variable})";
            else if (attribute.Name == "id")
                attribute.Value = prefix + attribute.Value;
            else
                attribute.Value = attribute.Value.Replace("url(#", $"url(#{prefix}");
        }
        return root;
    }

    /// <summary>A document on white, which brings its font along.</summary>
    public static string ForFile(string svg, string description)
    {
        var root = Parse(svg, description);
        root.AddFirst(
            new XElement(Svg + "title", description),
            new XElement(Svg + "style", PlotFont.StyleSheet),
            new XElement(Svg + "rect", new XAttribute("width", "100%"), new XAttribute("height", "100%"), new XAttribute("fill", "#fff")));
        return root.ToString(System.Xml.Linq.SaveOptions.DisableFormatting);
    }

    private static XElement Parse(string svg, string description)
    {
        var root = XElement.Parse(svg);
        root.SetAttributeValue("viewBox", $"0 0 {root.Attribute("width")!.Value} {root.Attribute("height")!.Value}");
        root.Attributes().Where(attribute => attribute.IsNamespaceDeclaration && attribute.Name.LocalName != "xmlns").Remove();
        root.SetAttributeValue("role", "img");
        root.SetAttributeValue("aria-label", description);
        // Each letter has its place; the white space around them is of the file, not of the text.
        foreach (var text in root.Descendants(Svg + "text"))
            text.Value = text.Value.Trim();
        return root;
    }
}

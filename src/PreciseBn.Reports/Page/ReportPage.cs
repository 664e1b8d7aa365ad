using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using PreciseBn.Primitives;
using PreciseBn.Reports.Plots;

namespace PreciseBn.Reports.Page;

/// <summary>The report as one HTML document that takes nothing from elsewhere and lets nothing else run or load.</summary>
internal static class ReportPage
{
    public static string Make(ReportContents contents)
    {
        var style = PlotFont.StyleSheet + "\n" + Embedded("report.css");
        var script = Embedded("report.js");
        // The hashes name the style and the script; whatever else might get into the page does nothing.
        var policy = $"default-src 'none'; style-src '{Hash(style)}'; script-src '{Hash(script)}'; font-src data:; base-uri 'none'; form-action 'none'";
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta http-equiv="Content-Security-Policy" content="{policy}"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            {Text(new XElement("title", contents.Title))}
            <style>{style}</style>
            </head>
            {Text(Body(contents))}
            <script>{script}</script>
            </html>

            """;
    }

    private static XElement Body(ReportContents contents)
    {
        var convergence = new ConvergencePlot(contents.Measured);
        return new XElement("body",
            new XAttribute("class", contents.Kind == ReportKind.Recomputation ? "put-right" : "as-found"),
            new XElement("header", new XElement("h1", contents.Title), Html.Element("p", "made", Made())),
            new XElement("main",
                VerdictSection.Make(contents),
                EvaluationSection.MakeAll(contents),
                OverviewSection.Make(contents),
                Html.Section("Drift in the order of the network", Figure.Make(new DriftPlot(contents.Layers), "drift")),
                FindingsSection.Make(contents),
                ChannelsSection.Make(contents),
                convergence.IsWorthwhile
                    ? Html.Section("Convergence",
                        new XElement("p", "Errors fall with the root of the number of batches. Where the distance from the result is no more than the error, more batches would have changed little."),
                        Figure.Make(convergence, "convergence"))
                    : null,
                LayerTable.Make(contents)));
    }

    private static string Made()
    {
        var version = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        return $"PreciseBn {version}, {DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC";
    }

    private static string Text(XElement element) => element.ToString(System.Xml.Linq.SaveOptions.DisableFormatting);

    private static string Embedded(string name) => EmbeddedText.Read(typeof(ReportPage).Assembly, name);

    private static string Hash(string text) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
}

using System.Xml.Linq;
using PreciseBn.Reports.Plots;

namespace PreciseBn.Reports.Page;

/// <summary>The channels of the layers that diverge most.</summary>
internal static class ChannelsSection
{
    private const int MostLayers = 4;

    public static XElement? Make(ReportContents contents)
    {
        var worst = contents.Layers.Where(layer => layer is { Reference: not null, Difference: not null, Divergence: not 0 })
            .OrderByDescending(layer => ReportContents.Rank(layer.Divergence)).Take(MostLayers).ToArray();
        return worst.Length == 0 ? null : Html.Section("Channels of the layers that moved most",
            new XElement("p", "Before and after are the two sides of the comparison. Where a statistic was measured, the bars are two standard errors long in both directions."),
            worst.Select((layer, place) => new XElement("article",
                new XElement("h3", layer.Name),
                new XElement("p", $"Divergence {Number.Text(layer.Divergence)} nats on average, {Number.Text(layer.MaxDivergence)} in channel {layer.WorstChannel} of {layer.Channels}."),
                Figure.Make(new ChannelPlot(layer.Reference!, layer.Difference!), $"channels-{place}"))));
    }
}

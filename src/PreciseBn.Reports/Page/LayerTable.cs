using System.Xml.Linq;
using PreciseBn.Comparison;

namespace PreciseBn.Reports.Page;

/// <summary>All layers with their numbers; the script of the page sorts them by the column whose heading is pressed.</summary>
internal static class LayerTable
{
    private const int MostEmphasised = 3;
    private const double ShiftOfFullBar = 1;
    private const double LengthOfBar = 40;

    /// <summary>The columns: their headings, and what a layer has there.</summary>
    private static readonly (string Heading, bool IsNumber, Func<BnComparison, int, XElement> Cell)[] Columns =
    [
        ("No.", true, (_, position) => Cell($"{position + 1}")),
        ("Layer", false, (layer, _) => Html.Element("td", "", new XElement("code", layer.Name))),
        ("Channels", true, (layer, _) => Cell($"{layer.Channels}")),
        ("Mean shift", true, (layer, _) => Shift(layer)),
        ("± error", true, (layer, _) => Cell(Number.Text((layer.Difference as BnStat)?.MeanError))),
        ("Variance ratio", true, (layer, _) => Cell(Number.Text(layer.VarianceRatio), layer.VarianceRatio is { } ratio ? DriftSeverity.OfVarianceRatio(ratio) : null)),
        ("± error of log", true, (layer, _) => Cell(Number.Text((layer.Difference as BnStat)?.VarianceError))),
        ("Divergence", true, (layer, _) => Cell(Number.Text(layer.Divergence))),
        ("Worst channel", true, (layer, _) => Cell(layer.WorstChannel is { } channel ? $"{channel}" : "–")),
        ("State", false, (layer, _) => Html.Element("td", "", State(layer))),
    ];

    public static XElement Make(ReportContents contents)
    {
        var worst = contents.Moved.Take(MostEmphasised).ToHashSet();
        return Html.Section("All layers",
            new XElement("p", "Mean shift: the largest change of a channel's mean, in standard deviations. Variance ratio: the larger over the smaller. "
                + "Divergence: mean over the channels, in nats. A heading sorts; a second time, the other way round. The layers that moved most are set in bold."),
            new XElement("table",
                new XElement("thead", new XElement("tr", Columns.Select(Heading))),
                new XElement("tbody", contents.Layers.Select((layer, position) => new XElement("tr",
                    new XAttribute("id", $"layer-{position}"), worst.Contains(layer) ? new XAttribute("class", "worst") : null,
                    Columns.Select(column => column.Cell(layer, position)))))));
    }

    private static XElement Heading((string Heading, bool IsNumber, Func<BnComparison, int, XElement>) column) => Html.Element(
        "th", column.IsNumber ? "number" : "", new XAttribute("scope", "col"),
        new XElement("button", new XAttribute("type", "button"), column.Heading));

    private static XElement Cell(string text, FindingSeverity? severity = null) =>
        Html.Element("td", severity is FindingSeverity.Warning or FindingSeverity.Error ? $"number {severity.ToString()!.ToLowerInvariant()}" : "number", text);

    private static XElement Shift(BnComparison layer)
    {
        var severity = layer.MeanShift is { } shift ? DriftSeverity.OfMeanShift(shift) : (FindingSeverity?)null;
        var cell = Cell(Number.Text(layer.MeanShift), severity);
        var length = layer.MeanShift is { } value ? LengthOfBar * (double.IsNaN(value) ? 1 : Math.Clamp(value / ShiftOfFullBar, 0, 1)) : 0;
        cell.Add(Html.Element("svg", "bar", new XAttribute("aria-hidden", "true"), new XAttribute("width", LengthOfBar), new XAttribute("height", 8),
            new XElement("rect", new XAttribute("width", Number.Short(length)), new XAttribute("height", 8))));
        return cell;
    }

    private static string State(BnComparison layer) => layer switch
    {
        { Presence: Presence.ReferenceOnly } => "only before",
        { Presence: Presence.DifferenceOnly } => "only after",
        BnVerdict verdict => verdict.Passed ? "passed" : verdict.Reason,
        { Difference: BnStat { Batches: 0 } } => "not reached",
        _ => ReportContents.SeverityOf(layer) switch
        {
            FindingSeverity.Information => "unmoved",
            FindingSeverity.Warning => "moved noticeably",
            _ => "moved far",
        },
    };
}

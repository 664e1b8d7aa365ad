using System.Xml.Linq;

namespace PreciseBn.Reports.Page;

/// <summary>How well models do on labelled data, and whether one does better than another.</summary>
internal static class AccuracySection
{
    // As unevenly as samples fell, they fall by chance in one of twenty comparisons.
    private const double Noticeable = 0.05;

    /// <returns>The section, or <c>null</c> where no accuracy was measured.</returns>
    public static XElement? Make(ReportContents contents) => contents.Accuracies.Count == 0 ? null : Html.Section("Accuracy",
        Html.Element("div", "tiles", contents.Accuracies.Select(Tile)),
        contents.Accuracies.Where(accuracy => accuracy.PValue is not null).Select(accuracy => new XElement("p", Comparison(accuracy))),
        contents.Accuracies.Select(accuracy => accuracy.Data).OfType<string>().Distinct().Select(data => new XElement("p", $"Data: {data}")));

    private static XElement Tile(BnAccuracy accuracy) => Html.Element("p", "tile",
        new XElement("strong", accuracy.Top1 is { } part ? Percent(part) : Number.Rounded(accuracy.Metric)), " ",
        new XElement("span", accuracy.Top1 is null
            ? $"± {Number.Rounded(accuracy.MetricError)}: the metric of {accuracy.Name} on {Html.Count(accuracy.Samples, "sample")}"
            : $"± {Percent(accuracy.Top1Error)} right of {Html.Count(accuracy.Samples, "sample")}, by {accuracy.Name}"
                + $"{(accuracy.Top5 is { } five ? $"; {Percent(five)} among the best five" : "")}; loss {Number.Rounded(accuracy.Loss)} ± {Number.Rounded(accuracy.LossError)}"));

    private static string Comparison(BnAccuracy accuracy) =>
        $"{accuracy.Name} gets {Html.Count(accuracy.Gained ?? 0, "sample")} right that {accuracy.Reference} gets wrong, and {Number.Text(accuracy.Lost ?? 0)} wrong that it gets right: "
        + (accuracy.PValue < Noticeable ? "more than chance would have it" : "no more than chance would have it") + $" (McNemar's test, p = {Number.Rounded(accuracy.PValue)}).";

    private static string Percent(double? part) => part is { } known ? FormattableString.Invariant($"{100 * known:0.00} %") : "–";
}

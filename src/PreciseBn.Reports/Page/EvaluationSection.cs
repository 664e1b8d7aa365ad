using System.Xml.Linq;

namespace PreciseBn.Reports.Page;

/// <summary>How well models do on data, and whether one does better than another.</summary>
internal static class EvaluationSection
{
    // As unevenly as samples fell, they fall by chance in one of twenty comparisons.
    private const double Noticeable = 0.05;

    /// <returns>A section for labelled data and one for agreement, of those that were measured.</returns>
    public static IEnumerable<XElement> MakeAll(ReportContents contents)
    {
        var (accuracies, agreements) = (contents.Evaluations.OfType<BnAccuracy>().ToArray(), contents.Evaluations.OfType<BnAgreement>().ToArray());
        if (accuracies.Length > 0)
            yield return Make("Accuracy", accuracies, Tile, Comparison);
        if (agreements.Length > 0)
            yield return Make("Agreement with the statistics of the data", agreements, Tile, Comparison);
    }

    private static XElement Make<T>(string heading, IReadOnlyList<T> evaluations, Func<T, XElement> tile, Func<T, string> comparison)
        where T : BnEvaluation => Html.Section(heading,
        Html.Element("div", "tiles", evaluations.Select(tile)),
        evaluations.Where(evaluation => evaluation.PValue is not null).Select(evaluation => new XElement("p", $"{comparison(evaluation)}: {Verdict(evaluation)}.")),
        evaluations.Select(evaluation => evaluation.Data).OfType<string>().Distinct().Select(data => new XElement("p", $"Data: {data}")));

    private static XElement Tile(BnAccuracy accuracy) => Html.Element("p", "tile",
        new XElement("strong", accuracy.Top1 is { } part ? Percent(part) : Number.Rounded(accuracy.Metric)), " ",
        new XElement("span", accuracy.Top1 is null
            ? $"± {Number.Rounded(accuracy.MetricError)}: the metric of {accuracy.Name} on {Html.Count(accuracy.Samples, "sample")}"
            : $"± {Percent(accuracy.Top1Error)} right of {Html.Count(accuracy.Samples, "sample")}, by {accuracy.Name}"
                + $"{(accuracy.Top5 is { } five ? $"; {Percent(five)} among the best five" : "")}; loss {Number.Rounded(accuracy.Loss)} ± {Number.Rounded(accuracy.LossError)}"));

    private static XElement Tile(BnAgreement agreement)
    {
        var distance = $"{Number.Rounded(agreement.Distance)} ± {Number.Rounded(agreement.DistanceError)}";
        return Html.Element("p", "tile",
            new XElement("strong", agreement.Agreement is { } part ? Percent(part) : Number.Rounded(agreement.Distance)), " ",
            new XElement("span", agreement.Agreement is null
                ? $"± {Number.Rounded(agreement.DistanceError)}: the distance of the outputs of {agreement.Name} from those with the statistics of each batch, on {Html.Count(agreement.Samples, "sample")}"
                : $"± {Percent(agreement.AgreementError)} of {Html.Count(agreement.Samples, "sample")} in the same class as with the statistics of their batch, by {agreement.Name}; distance {distance}, divergence {Number.Rounded(agreement.Divergence)} ± {Number.Rounded(agreement.DivergenceError)}"));
    }

    private static string Comparison(BnAccuracy accuracy) =>
        $"{accuracy.Name} gets {Html.Count(accuracy.Gained ?? 0, "sample")} right that {accuracy.Reference} gets wrong, and {Number.Text(accuracy.Lost ?? 0)} wrong that it gets right";

    private static string Comparison(BnAgreement agreement) =>
        $"{agreement.Name} keeps the class of {Html.Count(agreement.Gained ?? 0, "sample")} that {agreement.Reference} puts into another, and changes that of {Number.Text(agreement.Lost ?? 0)} whose class that keeps";

    private static string Verdict(BnEvaluation evaluation) =>
        (evaluation.PValue < Noticeable ? "more than chance would have it" : "no more than chance would have it") + $" (McNemar's test, p = {Number.Rounded(evaluation.PValue)})";

    private static string Percent(double? part) => part is { } known ? FormattableString.Invariant($"{100 * known:0.00} %") : "–";
}

using System.Xml.Linq;

namespace PreciseBn.Reports.Page;

/// <summary>What was measured or compared, on what, and what came of it in a few numbers.</summary>
internal static class OverviewSection
{
    public static XElement Make(ReportContents contents) => Html.Element(
        "section", "overview",
        Html.Element("div", "tiles", Tiles(contents)),
        new XElement("dl", Facts(contents).SelectMany(fact => new[] { new XElement("dt", fact.Name), new XElement("dd", fact.Value) })));

    private static IEnumerable<XElement> Tiles(ReportContents contents)
    {
        var severities = contents.Layers.Select(ReportContents.SeverityOf).ToArray();
        yield return Tile($"{severities.Count(severity => severity == FindingSeverity.Error)}", $"of {Html.Count(contents.Layers.Count, "layer")} moved so far that it is an error", "error");
        yield return Tile($"{severities.Count(severity => severity == FindingSeverity.Warning)}", "moved so far that it is a warning", "warning");
        if (contents.Layers.Where(layer => layer.MeanShift is not null).MaxBy(layer => layer.MeanShift) is { } shift)
            yield return Tile(Number.Text(shift.MeanShift), $"deviations: the largest change of a mean, in {shift.Name}", "");
        if (contents.Layers.Where(layer => layer.VarianceRatio is not null).MaxBy(layer => layer.VarianceRatio) is { } ratio)
            yield return Tile(Number.Text(ratio.VarianceRatio), $"the largest ratio of variances, in {ratio.Name}", "");
    }

    private static XElement Tile(string number, string text, string styleClass) =>
        Html.Element("p", $"tile {styleClass}".TrimEnd(), new XElement("strong", number), " ", new XElement("span", text));

    private static IEnumerable<(string Name, string Value)> Facts(ReportContents contents)
    {
        var measured = contents.Measured;
        var paths = contents.Layers.Select(layer => (layer.Difference ?? layer.Reference)?.Path).OfType<string>().Distinct().Select(Printable.Text).ToArray();
        var references = contents.Layers.Select(layer => layer.Reference?.Path).OfType<string>().Distinct().Select(Printable.Text).Except(paths).ToArray();
        yield return ("Model", paths.Length > 0 ? string.Join(", ", paths) : "in memory");
        if (references.Length > 0)
            yield return ("Compared with", string.Join(", ", references));
        if (measured.Count > 0)
        {
            var skipped = measured.Max(stat => stat.SkippedBatches);
            yield return ("Measured on", Html.Count(measured.Max(stat => stat.Batches), "batch") + (skipped > 0 ? $", and {Html.Count(skipped, "batch")} left out for NaN or infinity" : ""));
            yield return ("Values of a channel", $"{Number.Text(measured.Min(stat => stat.Count))} to {Number.Text(measured.Max(stat => stat.Count))}");
            yield return ("Estimator", string.Join(", ", measured.Select(stat => stat.Estimator).Distinct()));
            yield return ("Ended by", string.Join(", ", measured.Select(stat => stat.StoppedBy).Distinct()));
        }
        if (contents.Layers.OfType<BnVerdict>().ToArray() is { Length: > 0 } verdicts)
            yield return ("Gate", verdicts.All(verdict => verdict.Passed) ? "passed" : $"{verdicts.Count(verdict => !verdict.Passed)} of {Html.Count(verdicts.Length, "layer")} did not pass");
    }
}

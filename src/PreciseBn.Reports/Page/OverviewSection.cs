using System.Xml.Linq;
using PreciseBn.Comparison;

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
        var moved = contents.Moved.Count;
        // What has been put right is no alarm.
        var alarm = contents.Kind == ReportKind.Recomputation || moved == 0 ? "" : "warning";
        yield return Tile($"{moved}", $"of {Html.Count(contents.Layers.Count, "layer")} moved noticeably: by more than {DriftSeverity.LargeMeanShift} standard deviations, or a factor of {DriftSeverity.LargeVarianceRatio} in the variance", alarm);
        if (contents.Layers.Where(layer => layer.MeanShift is not null).MaxBy(layer => layer.MeanShift) is { } shift)
            yield return Tile(Number.Rounded(shift.MeanShift), $"standard deviations: the largest change of a mean, in {shift.Name}", "");
        if (contents.Layers.Where(layer => layer.VarianceRatio is not null).MaxBy(layer => layer.VarianceRatio) is { } ratio)
            yield return Tile($"{Number.Rounded(ratio.VarianceRatio)}×", $"the largest change of a variance, in {ratio.Name}", "");
        if (contents.Measured.Where(stat => stat.Batches > 1).ToArray() is { Length: > 0 } measured)
            yield return Tile($"± {Number.Rounded(measured.Max(stat => stat.MeanError))}", "standard deviations: the largest error of a new mean", "");
    }

    private static XElement Tile(string number, string text, string styleClass) =>
        Html.Element("p", $"tile {styleClass}".TrimEnd(), new XElement("strong", number), " ", new XElement("span", text));

    private static string? PlaceOf(ILayerStatistics? statistics) =>
        statistics is { Path: { } path, Program: { } program } ? $"{path} ({program})" : statistics?.Path;

    private static IEnumerable<(string Name, string Value)> Facts(ReportContents contents)
    {
        var measured = contents.Measured;
        var paths = contents.Layers.Select(layer => PlaceOf(layer.Difference ?? layer.Reference)).OfType<string>().Distinct().Select(Printable.Text).ToArray();
        var references = contents.Layers.Select(layer => PlaceOf(layer.Reference)).OfType<string>().Distinct().Select(Printable.Text).Except(paths).ToArray();
        yield return ("Model", paths.Length > 0 ? string.Join(", ", paths) : "in memory");
        if (BnStatFile.HashOfSource(contents.Layers.Select(layer => layer.Difference).OfType<ILayerStatistics>().ToArray()) is { } hash)
            yield return ("SHA-256", hash);
        if (references.Length > 0)
            yield return ("Compared with", string.Join(", ", references));
        if (measured.Select(stat => stat.Data).OfType<string>().Distinct().ToArray() is { Length: > 0 } data)
            yield return ("Data", Printable.Text(string.Join("; ", data)));
        foreach (var command in contents.Commands)
            yield return ("Command", command);
        if (measured.Count > 0)
        {
            var skipped = measured.Max(stat => stat.SkippedBatches);
            yield return ("Measured on", Html.Count(measured.Max(stat => stat.Batches), "batch") + (skipped > 0 ? $", and {Html.Count(skipped, "batch")} left out for NaN or infinity" : ""));
            yield return ("Values of a channel", $"{Number.Text(measured.Min(stat => stat.Count))} to {Number.Text(measured.Max(stat => stat.Count))}");
            yield return ("Estimator", string.Join(", ", measured.Select(stat => stat.Estimator).Distinct()));
            yield return ("Ended by", string.Join(", ", measured.Select(stat => Reason(stat.StoppedBy)).Distinct()));
            if (measured.Select(stat => stat.Device).OfType<string>().Distinct().ToArray() is { Length: > 0 } devices)
                yield return ("Run on", string.Join(", ", devices));
        }
    }

    private static string Reason(StopReason reason) => reason switch
    {
        StopReason.DataEnd => "the end of the data",
        StopReason.Tolerance => "the tolerance that was asked for",
        _ => "the number of batches that was asked for, or is the most",
    };
}

using System.Xml.Linq;
using PreciseBn.Comparison;

namespace PreciseBn.Reports.Page;

/// <summary>What the report says, in words, before all numbers.</summary>
internal static class VerdictSection
{
    private const int MostNames = 3;

    public static XElement Make(ReportContents contents)
    {
        var (words, styleClass) = contents.Kind switch
        {
            ReportKind.Gate => Gate(contents.Layers.Cast<BnVerdict>().ToArray()),
            ReportKind.Recomputation => (Recomputation(contents), "good"),
            _ => Comparison(contents),
        };
        return Html.Element("div", $"verdict {styleClass}", new XElement("p", words), Reservations(contents).Select(reservation => new XElement("p", reservation)));
    }

    private static (string Words, string StyleClass) Gate(BnVerdict[] verdicts)
    {
        var failed = verdicts.Where(verdict => !verdict.Passed).OrderByDescending(verdict => ReportContents.Rank(verdict.MeanShift)).ToArray();
        return failed.Length == 0
            ? ($"Passed: none of {Html.Count(verdicts.Length, "layer")} has moved further than is allowed, sampling error apart.", "good")
            : ($"Failed: {Of(failed.Length, verdicts.Length)} moved further than is allowed: {Names(failed)}.", "bad");
    }

    private static string Recomputation(ReportContents contents)
    {
        var reached = contents.Measured.Count(stat => stat.Batches > 0);
        var stale = contents.Moved;
        if (reached == 0)
            return "Nothing was measured: no batch reached a layer.";
        return stale.Count == 0
            ? $"The stored statistics were those of the data: none of {Html.Count(reached, "layer")} that was reached has moved noticeably."
            : $"The stored statistics were stale in {Of(stale.Count, reached)}: by up to {Number.Rounded(stale.Max(layer => layer.MeanShift))} standard deviations in a mean, and a factor of {Number.Rounded(stale.Max(layer => layer.VarianceRatio))} in a variance.";
    }

    private static (string Words, string StyleClass) Comparison(ReportContents contents)
    {
        var moved = contents.Moved;
        return moved.Count == 0
            ? ($"Both sides agree: none of {Html.Count(contents.Layers.Count, "layer")} has moved noticeably.", "good")
            : ($"Between the sides, {Of(moved.Count, contents.Layers.Count)} moved noticeably: {Names(moved)}.", "noticeable");
    }

    // What a reader has to know before trusting the numbers.
    private static IEnumerable<string> Reservations(ReportContents contents)
    {
        var measured = contents.Measured;
        var unknown = contents.Layers.Where(layer => layer.MeanShift is double.NaN || layer.VarianceRatio is double.NaN).Select(layer => layer.Name).ToArray();
        if (unknown.Length > 0)
            yield return $"How far {Shortened(unknown)} moved cannot be said: there is NaN on one side.";
        var unreached = measured.Where(stat => stat.Batches == 0).Select(stat => stat.Name).ToArray();
        if (unreached.Length > 0)
            yield return $"No batch reached {Shortened(unreached)}, which kept what {(unreached.Length == 1 ? "it" : "they")} had.";
        if (measured.Count > 0 && DataFindings.IsOrdered(measured))
            yield return "Successive batches were alike: the data had an order, so that the errors shown are too small, and a part of the data does not stand for all.";
        if (measured.Count > 0 && measured.Max(stat => stat.SkippedBatches) is > 0 and var skipped)
            yield return $"{Html.Count(skipped, "batch")} gave NaN or infinity and {(skipped == 1 ? "was" : "were")} left out.";
        var oneSided = contents.Layers.Where(layer => layer.Presence != Presence.Both).Select(layer => layer.Name).ToArray();
        if (oneSided.Length > 0)
            yield return $"{Shortened(oneSided)} {(oneSided.Length == 1 ? "is" : "are")} on one side only.";
    }

    private static string Of(int some, int all) => some == all ? all == 1 ? "its one layer" : $"all {all} layers" : $"{some} of {Html.Count(all, "layer")}";

    private static string Names(IReadOnlyList<BnComparison> layers) => Shortened(layers.Select(layer => layer.Name).ToArray());

    private static string Shortened(string[] names) =>
        string.Join(", ", names.Take(MostNames)) + (names.Length > MostNames ? $" and {names.Length - MostNames} more" : "");
}

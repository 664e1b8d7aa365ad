using System.Xml.Linq;

namespace PreciseBn.Reports.Page;

/// <summary>What was found that is not right: a line a kind, the worst first, with its layers; what they are in particular is folded.</summary>
internal static class FindingsSection
{
    private const int MostLinks = 12;

    public static XElement Make(ReportContents contents)
    {
        var groups = contents.Findings.Where(finding => !IsPutRight(contents, finding)).GroupBy(finding => (finding.Severity, finding.Finding)).ToArray();
        return Html.Section("Findings", groups.Length == 0
            ? new XElement("p", contents.Moved.Count > 0 ? "Nothing else was found that is not right." : "Nothing was found that is not right.")
            : Html.Element("ul", "findings", groups.Select(group => Row(contents, group.ToArray()))));
    }

    // That statistics were stale is what recomputing them puts right, and what the verdict says.
    private static bool IsPutRight(ReportContents contents, BnFinding finding) =>
        contents.Kind == ReportKind.Recomputation && finding.Finding == FindingKind.Stale;

    private static XElement Row(ReportContents contents, BnFinding[] findings)
    {
        var first = findings[0];
        var named = findings.Where(finding => finding.Name.Length > 0).ToArray();
        return Html.Element("li", first.Severity.ToString().ToLowerInvariant(),
            Html.Element("p", "what",
                Html.Element("span", "severity", first.Severity.ToString()), $" {Words(first.Finding)}{(named.Length > 0 ? $" in {Html.Count(named.Length, "layer")}: " : "")}",
                named.Take(MostLinks).Select((finding, i) => new object[] { i > 0 ? ", " : "", LinkTo(contents, finding.Name) }),
                named.Length > MostLinks ? $" and {named.Length - MostLinks} more" : null),
            findings.Length == 1
                ? new XElement("p", $"{first.Detail} {first.Advice}")
                : new XElement("details",
                    new XElement("summary", first.Advice),
                    new XElement("ul", findings.Select(finding => new XElement("li", new XElement("code", finding.Name), $" {finding.Detail}")))));
    }

    private static XElement LinkTo(ReportContents contents, string layer)
    {
        var place = contents.Layers.ToList().FindIndex(other => other.Name == layer);
        return place < 0 ? new XElement("code", layer) : new XElement("a", new XAttribute("href", $"#layer-{place}"), new XElement("code", layer));
    }

    // NeverTrained becomes "Never trained".
    private static string Words(FindingKind kind) =>
        string.Concat(kind.ToString().Select((letter, i) => i > 0 && char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : $"{letter}"));
}

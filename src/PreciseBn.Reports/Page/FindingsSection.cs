using System.Xml.Linq;

namespace PreciseBn.Reports.Page;

/// <summary>What Test-BnModule finds, the worst first; the rest of a long list is folded.</summary>
internal static class FindingsSection
{
    private const int MostUnfolded = 12;

    public static XElement Make(ReportContents contents)
    {
        var rows = contents.Findings.Select(Row).ToArray();
        return Html.Section("Findings",
            rows.Length == 0 ? new XElement("p", "Nothing was found that is not right.") : Html.Element("ul", "findings", rows[..Math.Min(rows.Length, MostUnfolded)]),
            rows.Length > MostUnfolded
                ? new XElement("details", new XElement("summary", $"{rows.Length - MostUnfolded} more"), Html.Element("ul", "findings", rows[MostUnfolded..]))
                : null);
    }

    private static XElement Row(BnFinding finding) => Html.Element(
        "li", StyleClass(finding.Severity),
        Html.Element("p", "what", Html.Element("span", "severity", finding.Severity.ToString()), $" {finding.Finding} ", finding.Name.Length > 0 ? new XElement("code", finding.Name) : null),
        new XElement("p", $"{finding.Detail} {finding.Advice}"));

    private static string StyleClass(FindingSeverity severity) => severity.ToString().ToLowerInvariant();
}

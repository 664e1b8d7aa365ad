using System.Globalization;
using System.Text;

namespace PreciseBn.Reports;

/// <summary>Text from files, as it can stand in a document: without characters that XML lacks or that change what is around them.</summary>
internal static class Printable
{
    /// <summary>The text with the replacement character for each of these.</summary>
    public static string Text(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            result.Append(IsPrintable(rune) ? rune.ToString() : "\uFFFD");
        return result.ToString();
    }

    private static bool IsPrintable(Rune rune) => (rune.Value & 0xFFFE) != 0xFFFE
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}

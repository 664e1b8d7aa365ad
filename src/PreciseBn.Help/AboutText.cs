using Markdig.Extensions.Tables;
using Markdig.Syntax;

namespace PreciseBn.Help;

/// <summary>An about topic as a text for the console.</summary>
internal static class AboutText
{
    private const int Width = 80;
    private const string Indentation = "    ";

    public static string Make(MarkdownSection topic) =>
        string.Join('\n', Lines(topic with { Title = "TOPIC", Blocks = [] }).Append(Indentation + topic.Title).Append("")
            .Concat(topic.Sections.SelectMany(Lines)));

    private static IEnumerable<string> Lines(MarkdownSection section) =>
        section.Blocks.SelectMany(Lines).Prepend(section.Title.ToUpperInvariant());

    private static IEnumerable<string> Lines(Block block) => block switch
    {
        CodeBlock code => code.Lines.ToString().Split('\n').Select(line => Indentation + Indentation + line).Append(""),
        Table table => table.OfType<TableRow>().SelectMany(Row).Append(""),
        _ => PlainText.Paragraphs(block).SelectMany(Wrap).Append(""),
    };

    private static IEnumerable<string> Row(TableRow row) =>
        Wrap("- " + string.Join(": ", row.OfType<TableCell>().Select(cell => string.Join(' ', cell.SelectMany(PlainText.Paragraphs)))));

    private static IEnumerable<string> Wrap(string paragraph)
    {
        var line = "";
        foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && Indentation.Length + line.Length + 1 + word.Length > Width)
            {
                yield return Indentation + line;
                line = "";
            }
            line += line.Length == 0 ? word : $" {word}";
        }
        yield return Indentation + line;
    }
}

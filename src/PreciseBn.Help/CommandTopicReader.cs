using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace PreciseBn.Help;

/// <summary>Reads the Markdown of a cmdlet, laid out as platyPS lays it out.</summary>
internal static class CommandTopicReader
{
    private const string DefaultSetMark = " (Default)";

    /// <exception cref="HelpSourceException">A part is missing.</exception>
    public static CommandTopic Read(string file)
    {
        var topic = MarkdownSection.Read(file);
        return new CommandTopic
        {
            Name = topic.Title,
            Synopsis = string.Join(' ', topic.Section("SYNOPSIS").Paragraphs),
            Description = topic.Section("DESCRIPTION").Paragraphs,
            ParameterSets = ParameterSets(topic.Section("SYNTAX")),
            Examples = topic.Section("EXAMPLES").Sections.Select(Example).ToArray(),
            Parameters = topic.Section("PARAMETERS").Sections.SelectMany(Parameters).ToArray(),
            Inputs = Types(topic.Section("INPUTS")),
            Outputs = Types(topic.Section("OUTPUTS")),
            Notes = topic.Section("NOTES").Paragraphs,
            Links = topic.Section("RELATED LINKS").Blocks.OfType<ParagraphBlock>().SelectMany(Links).ToArray(),
        };
    }

    // Where there is only one, it has no heading.
    private static string[] ParameterSets(MarkdownSection syntax) => syntax.Sections.Count == 0
        ? [HelpParameter.AllSets]
        : syntax.Sections.Select(set => set.Title.Replace(DefaultSetMark, "")).ToArray();

    private static HelpExample Example(MarkdownSection section) => new(
        section.Title, string.Join("\n\n", section.Code("powershell")), section.Paragraphs);

    private static IEnumerable<HelpParameter> Parameters(MarkdownSection section)
    {
        var blocks = section.Code("yaml");
        if (blocks.Count == 0)
            throw new HelpSourceException(section.File, $"There is no yaml block below '{section.Title}'.");
        return blocks.Select(block => new HelpParameter(section.Title.TrimStart('-'), section.Paragraphs, Facts(block)));
    }

    private static Dictionary<string, string> Facts(string yaml) => yaml.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(':', 2))
        .ToDictionary(pair => pair[0].Trim(), pair => pair[^1].Trim());

    private static HelpType[] Types(MarkdownSection section) =>
        section.Sections.Select(type => new HelpType(type.Title, type.Paragraphs)).ToArray();

    private static IEnumerable<HelpLink> Links(ParagraphBlock paragraph) => paragraph.Inline!.Descendants<LinkInline>().Select(link =>
        new HelpLink(PlainText.Of(link), link.Url!.Contains("://", StringComparison.Ordinal) ? link.Url : ""));
}

using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace PreciseBn.Help;

/// <summary>Markdown without its marks.</summary>
internal static class PlainText
{
    /// <summary>The text of a paragraph, or of each item of a list.</summary>
    public static IEnumerable<string> Paragraphs(Block block) => block switch
    {
        ParagraphBlock paragraph => [Of(paragraph.Inline)],
        ListBlock list => list.OfType<ListItemBlock>().Select(item => $"- {string.Join(' ', item.SelectMany(Paragraphs))}"),
        _ => [],
    };

    /// <summary>The text of a line; of a link only its words.</summary>
    public static string Of(ContainerInline? line) => string.Concat((line ?? []).Select(inline => inline switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        LineBreakInline => " ",
        AutolinkInline link => link.Url,
        HtmlEntityInline entity => entity.Transcoded.ToString(),
        ContainerInline container => Of(container),
        _ => "",
    }));
}

using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;

namespace PreciseBn.Help;

/// <summary>A heading of a Markdown file with what stands below it.</summary>
/// <param name="File">The file, for messages.</param>
/// <param name="Title">The heading.</param>
/// <param name="Blocks">Paragraphs, lists and code before the next heading.</param>
/// <param name="Sections">The headings of the next level.</param>
internal sealed record MarkdownSection(string File, string Title, IReadOnlyList<Block> Blocks, IReadOnlyList<MarkdownSection> Sections)
{
    /// <exception cref="HelpSourceException">The file does not begin with a heading.</exception>
    public static MarkdownSection Read(string file)
    {
        var pipeline = new MarkdownPipelineBuilder().UseYamlFrontMatter().UsePipeTables().Build();
        // The same help is made of a checkout with CRLF.
        var text = System.IO.File.ReadAllText(file).Replace("\r\n", "\n", StringComparison.Ordinal);
        var blocks = Markdown.Parse(text, pipeline).Where(block => block is not YamlFrontMatterBlock).ToArray();
        return blocks is [HeadingBlock { Level: 1 } title, ..]
            ? Nest(file, title, blocks[1..])
            : throw new HelpSourceException(file, "The file does not begin with a heading.");
    }

    /// <summary>The text of the paragraphs and lists, one a line.</summary>
    public IReadOnlyList<string> Paragraphs => Blocks.SelectMany(PlainText.Paragraphs).ToArray();

    /// <summary>The code in blocks of a language.</summary>
    public IReadOnlyList<string> Code(string language) => Blocks.OfType<FencedCodeBlock>()
        .Where(block => block.Info == language).Select(block => block.Lines.ToString()).ToArray();

    /// <exception cref="HelpSourceException">There is no such section.</exception>
    public MarkdownSection Section(string title) => Sections.FirstOrDefault(section => section.Title == title)
        ?? throw new HelpSourceException(File, $"There is no section '{title}'.");

    private static MarkdownSection Nest(string file, HeadingBlock heading, Block[] below)
    {
        var starts = Enumerable.Range(0, below.Length).Where(index => below[index] is HeadingBlock next && next.Level == heading.Level + 1).ToArray();
        var ends = starts.Skip(1).Append(below.Length);
        return new MarkdownSection(file, PlainText.Of(heading.Inline), below[..starts.Append(below.Length).First()],
            starts.Zip(ends, (start, end) => Nest(file, (HeadingBlock)below[start], below[(start + 1)..end])).ToArray());
    }
}

/// <summary>A Markdown file is not laid out as help is.</summary>
/// <param name="file">The file.</param>
/// <param name="problem">What is missing or wrong in it.</param>
internal sealed class HelpSourceException(string file, string problem) : Exception(problem)
{
    public string File { get; } = file;
}

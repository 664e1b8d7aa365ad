namespace PreciseBn.Benchmarks;

/// <summary>A table, ready to be put into a Markdown document.</summary>
/// <param name="headers">The heads of the columns. The first column holds names, the others numbers.</param>
internal sealed class MarkdownTable(params string[] headers)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public void WriteTo(TextWriter writer)
    {
        WriteRow(writer, headers);
        WriteRow(writer, headers.Select((_, column) => column == 0 ? "---" : "---:"));
        foreach (var row in _rows)
            WriteRow(writer, row);
    }

    private static void WriteRow(TextWriter writer, IEnumerable<string> cells) => writer.WriteLine($"| {string.Join(" | ", cells)} |");
}

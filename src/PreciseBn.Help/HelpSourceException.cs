namespace PreciseBn.Help;

/// <summary>A Markdown file is not laid out as help is.</summary>
/// <param name="file">The file.</param>
/// <param name="problem">What is missing or wrong in it.</param>
internal sealed class HelpSourceException(string file, string problem) : Exception(problem)
{
    public string File { get; } = file;
}

namespace PreciseBn.Help;

/// <summary>Makes what Get-Help reads of a folder of Markdown: one XML file for all cmdlets, and a text for each about topic.</summary>
internal static class HelpFolder
{
    private const string CommandFile = "PreciseBn.PowerShell.dll-Help.xml";
    private const string AboutPrefix = "about_";

    /// <param name="source">The folder of Markdown: <c>Verb-Noun.md</c> and <c>about_Topic.md</c>.</param>
    /// <param name="destination">The folder to write to, with the name of the language.</param>
    /// <exception cref="HelpSourceException">A file is not laid out as help is.</exception>
    public static void Build(string source, string destination)
    {
        Directory.CreateDirectory(destination);
        var files = Directory.GetFiles(source, "*.md").Order(StringComparer.Ordinal).ToLookup(IsAbout);
        MamlDocument.Make(files[false].Select(CommandTopicReader.Read)).Save(Path.Combine(destination, CommandFile));
        foreach (var about in files[true])
        {
            var text = AboutText.Make(MarkdownSection.Read(about));
            File.WriteAllText(Path.Combine(destination, $"{Path.GetFileNameWithoutExtension(about)}.help.txt"), text);
        }
    }

    private static bool IsAbout(string path) => Path.GetFileName(path).StartsWith(AboutPrefix, StringComparison.Ordinal);
}

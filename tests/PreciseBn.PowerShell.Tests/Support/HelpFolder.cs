using System.Xml.Linq;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>The help of the module: its source, and the examples as Get-Help prints them.</summary>
internal static class HelpFolder
{
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";

    public static string Source { get; } = Path.Combine(Repository.Root, "module/help");

    /// <summary>Names of cmdlets with titles and code of their examples.</summary>
    public static IEnumerable<(string Cmdlet, string Title, string Code)> Examples()
    {
        var help = XDocument.Load(Path.Combine(Repository.Root, "en-US/PreciseBn.PowerShell.dll-Help.xml"));
        return from command in help.Descendants(Command + "command")
               from example in command.Descendants(Command + "example")
               select ((string)command.Descendants(Command + "name").First(), (string)example.Element(Maml + "title")!, (string)example.Element(Dev + "code")!);
    }

    /// <summary>The code in the about topics.</summary>
    public static IEnumerable<string> Recipes() => Directory.GetFiles(Source, "about_*.md").Order(StringComparer.Ordinal)
        .SelectMany(file => File.ReadAllText(file).ReplaceLineEndings("\n").Split("```powershell\n").Skip(1))
        .Select(text => text.Split("\n```")[0]);
}

using System.Management.Automation;
using System.Text.RegularExpressions;
using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>The help says of each cmdlet what the cmdlet is.</summary>
public sealed partial class HelpTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public HelpTests() => _session = new PowerShellSession(_folder.Path);

    public static TheoryData<string> Cmdlets()
    {
        using var session = new PowerShellSession(Path.GetTempPath());
        return [.. session.Invoke("Get-Command -Module PreciseBn").Output.Select(command => ((CommandInfo)command.BaseObject).Name)];
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void The_source_has_the_syntax_and_the_parameters_of_the_cmdlet(string name)
    {
        var file = Path.Combine(HelpFolder.Source, $"{name}.md");
        Assert.True(File.Exists(file), $"There is no module/help/{name}.md; copy that of another cmdlet.");
        var source = File.ReadAllText(file).ReplaceLineEndings("\n");
        var cmdlet = (CmdletInfo)_session.Invoke($"Get-Command {name}").Output.Single().BaseObject;

        Assert.All(ExpectedHelp.Syntax(cmdlet), syntax => Assert.True(source.Contains(syntax), $"It needs\n{syntax}"));
        foreach (var parameter in ExpectedHelp.Parameters(cmdlet))
        {
            var section = source.Split($"\n### -{parameter.Name}\n").ElementAtOrDefault(1)?.Split("\n### ")[0] ?? "";
            Assert.All(ExpectedHelp.Blocks(cmdlet, parameter), block =>
                Assert.True(section.Contains(block), $"'### -{parameter.Name}' needs\n{block}"));
        }
        Assert.Equal(
            ExpectedHelp.Parameters(cmdlet).Select(parameter => parameter.Name).Order(),
            source.Split("\n### -").Skip(1).Select(section => section.Split('\n')[0]).Order());
    }

    [Fact]
    public void Every_id_of_an_error_has_its_meaning()
    {
        var topic = File.ReadAllText(Path.Combine(HelpFolder.Source, "about_PreciseBn_Errors.md"));
        var source = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Contains("obj")).Select(File.ReadAllText);

        var listed = ListedId().Matches(topic).Select(row => row.Groups["id"].Value).ToArray();
        var used = source.SelectMany(text => UsedId().Matches(text)).Select(use => use.Groups["id"].Value).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(used, listed);
    }

    [Fact]
    public void Only_the_cmdlets_speak_of_parameters_and_cmdlets()
    {
        var texts = new[] { "PreciseBn", "PreciseBn.Data", "PreciseBn.Reports" }
            .SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, "src", folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Contains("obj"))
            .SelectMany(file => File.ReadAllLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)).Select(line => $"{Path.GetFileName(file)}: {line.Trim()}"));

        Assert.Equal("", string.Join("\n", texts.Where(line => ShellWord().IsMatch(line))));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Get_Help_shows_every_part(string name)
    {
        var result = _session.Invoke($$"""
            $help = Get-Help {{name}} -Full
            $help.Synopsis
            $help.description[0].Text
            $help.alertSet.alert[0].Text
            @($help.examples.example).Count
            @($help.parameters.parameter | Where-Object { -not $_.description[0].Text }).Count
            @($help.inputTypes.inputType)[0].type.name
            @($help.returnValues.returnValue)[0].type.name
            @($help.syntax.syntaxItem).Count
            """);

        var cmdlet = (CmdletInfo)_session.Invoke($"Get-Command {name}").Output.Single().BaseObject;
        var parts = result.Output.Select(part => part?.BaseObject).ToArray();
        Assert.All(parts[..3].Append(parts[5]).Append(parts[6]), text => Assert.False(string.IsNullOrWhiteSpace((string?)text)));
        Assert.InRange((int)parts[3]!, 3, 20);
        Assert.Equal((0, cmdlet.ParameterSets.Count), ((int)parts[4]!, (int)parts[7]!));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Outputs_are_those_that_the_cmdlet_declares(string name)
    {
        var cmdlet = (CmdletInfo)_session.Invoke($"Get-Command {name}").Output.Single().BaseObject;
        var outputs = _session.Invoke($"(Get-Help {name} -Full).returnValues.returnValue.type.name").Output.Select(type => type.ToString().Trim());

        Assert.Equal(cmdlet.OutputType.Select(type => type.Name).DefaultIfEmpty("None").Order(), outputs.Order());
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Links_lead_to_topics_that_there_are(string name)
    {
        var links = _session.Invoke($"(Get-Help {name} -Full).relatedLinks.navigationLink.linkText").Output.Select(link => link.ToString()).ToArray();

        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(File.Exists(Path.Combine(HelpFolder.Source, $"{link}.md")), $"There is no topic {link}."));
    }

    [Theory]
    [InlineData("about_PreciseBn", "WHEN TO RECOMPUTE")]
    [InlineData("about_PreciseBn_Formats", "STATISTICS")]
    public void About_topics_are_found(string topic, string heading) =>
        Assert.Contains($"\n{heading}\n", _session.Invoke($"Get-Help {topic}").Output.Single().ToString()!.ReplaceLineEndings("\n"));

    [Fact]
    public void Line_endings_of_the_source_do_not_matter()
    {
        string[] Built(string name, string lineEnding)
        {
            var source = Directory.CreateDirectory(_folder.File(name)).FullName;
            foreach (var file in Directory.GetFiles(HelpFolder.Source))
                File.WriteAllText(Path.Combine(source, Path.GetFileName(file)), File.ReadAllText(file).ReplaceLineEndings(lineEnding));
            var (exitCode, output, errors) = Programs.Dotnet(
                Repository.Root, new Dictionary<string, string>(),
                [Path.Combine(Repository.Root, $"src/PreciseBn.Help/bin/{Programs.Configuration}/net10.0/PreciseBn.Help.dll"), source, source + "-built"]);
            Assert.True(exitCode == 0, output + errors);
            return Directory.GetFiles(source + "-built").Order(StringComparer.Ordinal).Select(File.ReadAllText).ToArray();
        }

        Assert.Equal(Built("lf", "\n"), Built("crlf", "\r\n"));
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    [GeneratedRegex(@"^\| `(?<id>\w+)` \| .+\. \|", RegexOptions.Multiline)]
    private static partial Regex ListedId();

    [GeneratedRegex("\"[^\"]*(\\s-[A-Z][A-Za-z]+|\\b[A-Z][a-z]+-Bn[A-Z][A-Za-z]+)")]
    private static partial Regex ShellWord();

    [GeneratedRegex("\"(?<id>[A-Z][A-Za-z0-9]+)\",\\s*(ErrorKind\\.|inner\\b)")]
    private static partial Regex UsedId();
}

using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>The examples of the help run as they are printed.</summary>
public sealed class HelpExampleTests : IClassFixture<ExampleFiles>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public HelpExampleTests(ExampleFiles files)
    {
        files.CopyTo(_folder);
        _session = new PowerShellSession(_folder.Path);
    }

    public static IEnumerable<object[]> Examples() =>
        HelpFolder.Examples().Select(example => new object[] { example.Cmdlet, example.Title });

    public static TheoryData<string> Recipes() => [.. HelpFolder.Recipes()];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Of_cmdlets(string cmdlet, string title)
    {
        var code = HelpFolder.Examples().Single(example => (example.Cmdlet, example.Title) == (cmdlet, title)).Code;

        Assert.Contains(cmdlet, code);
        Assert.Empty(_session.Invoke(code).Errors);
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Of_about_topics(string code) => Assert.Empty(_session.Invoke(code).Errors);

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}

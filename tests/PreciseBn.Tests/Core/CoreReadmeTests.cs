using System.Text.RegularExpressions;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>The example in the README of the core is compiled with these tests, and works.</summary>
public sealed partial class CoreReadmeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_example_is_the_one_that_is_tested()
    {
        using var readme = typeof(CoreReadmeTests).Assembly.GetManifestResourceStream("README.md")!;
        using var source = typeof(CoreReadmeTests).Assembly.GetManifestResourceStream("Example.cs")!;

        Assert.Equal(Text(source).Trim(), Code().Match(Text(readme)).Groups["code"].Value.Trim());
    }

    [Fact]
    public void The_example_recomputes_a_model()
    {
        var destination = _folder.File("precise.pt");
        using var data = Runs.Digits();

        var result = Example.Recompute(
            Fixtures.Path("digits.scripted.pt"), destination, data.Read(default).Select(batch => batch.Inputs[0]));

        Assert.Equal(6, result.Layers.Count);
        Assert.Equal(StopReason.Iterations, result.StoppedBy);
        Assert.All(result.Layers, layer => Assert.Equal(destination, layer.Path));
        Assert.Equal(result.Layers.Select(layer => layer.Name), Runs.Read(destination).Layers.Select(layer => layer.Name));
    }

    public void Dispose() => _folder.Dispose();

    private static string Text(Stream stream)
    {
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();
}

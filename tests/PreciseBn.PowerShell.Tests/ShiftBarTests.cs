using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>Table views show the shift of means as a bar, and group comparisons by file.</summary>
public sealed class ShiftBarTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public ShiftBarTests() => _session = new PowerShellSession(_folder.Path);

    [Theory]
    [InlineData("0", "Information", true, false, "  0.0000")]
    [InlineData("0.5", "Warning", true, false, "  0,5000 ███", ",")]
    [InlineData("0.5", "Warning", true, false, "  0.5000 ███")]
    [InlineData("0.02", "Information", true, true, "  0.0200 ▏")]
    [InlineData("0.5", "Warning", false, false, "  0.5000 ###")]
    [InlineData("0.5", "Warning", true, true, "\e[33m  0.5000 ███\e[0m")]
    [InlineData("3", "Error", true, true, "\e[31m  3.0000 ██████\e[0m")]
    [InlineData("12345678", "Error", false, false, " 1.23e+7 ######")]
    [InlineData("[double]::PositiveInfinity", "Error", false, false, "Infinity ######")]
    public void A_bar_is_as_long_as_the_shift(string shift, string severity, bool hasBlocks, bool hasColour, string expected, string decimalSeparator = ".") =>
        Assert.Equal(expected, _session.Invoke($"{Culture(decimalSeparator)}; [PreciseBn.PowerShell.ShiftBar]::Format({shift}, '{severity}', ${hasBlocks}, ${hasColour})").Output.Single().ToString());

    [Theory]
    [InlineData("'Ansi'", true, "", true)]
    [InlineData("'Host'", true, "", true)]
    [InlineData("'PlainText'", true, "", false)]
    [InlineData("'Ansi'", false, "", false)]
    [InlineData("'Ansi'", true, "1", false)]
    public void Colour_is_used_only_where_it_is_wanted(string rendering, bool hostHasColour, string noColour, bool isColoured)
    {
        var before = Environment.GetEnvironmentVariable("NO_COLOR");
        Environment.SetEnvironmentVariable("NO_COLOR", noColour);
        try
        {
            var text = _session.Invoke($$"""
                {{Culture(".")}}
                $layer = [PreciseBn.BnComparison]::new()
                $layer.GetType().GetProperty('MeanShift').SetValue($layer, 0.7)
                [PreciseBn.PowerShell.ShiftBar]::Format($layer, [pscustomobject]@{ OutputRendering = {{rendering}} }, ${{hostHasColour}})
                """).Output.Single().ToString()!;

            Assert.Contains("0.7000", text);
            Assert.Equal(isColoured, text.Contains('\e'));
        }
        finally
        {
            Environment.SetEnvironmentVariable("NO_COLOR", before);
        }
    }

    [Theory]
    [InlineData("ascii", false)]
    [InlineData("utf-8", true)]
    [InlineData("iso-8859-1", false)]
    public void Blocks_are_used_where_they_can_be_written(string encoding, bool expected) => Assert.Equal(expected, (bool)_session.Invoke(
        $"[PreciseBn.PowerShell.ShiftBar]::CanBlocks([System.Text.Encoding]::GetEncoding('{encoding}'))").Output.Single().BaseObject);

    [Theory]
    [InlineData("Compare-BnStat $model $model")]
    [InlineData("Test-BnStat $model $model -PassThru")]
    public void Comparisons_are_grouped_by_file(string command)
    {
        var (_, output, errors) = HostProcess.Run(_folder.Path, $"$model = '{Fixtures.Path("digits.scripted.pt")}'; {command}");

        Assert.Equal("", errors);
        Assert.Contains($"Path: {Fixtures.Path("digits.scripted.pt")}", output);
        Assert.DoesNotContain('\e', output);
    }

    [Fact]
    public void What_is_in_no_file_is_said_to_be_in_memory()
    {
        var (_, output, errors) = HostProcess.Run(_folder.Path, "Get-BnModule -Model ([TorchSharp.torch+nn]::BatchNorm1d(3))");

        Assert.Equal("", errors);
        Assert.Contains("Path: in memory", output);
    }

    private static string Culture(string decimalSeparator) =>
        $"$culture = [cultureinfo]::new(''); $culture.NumberFormat.NumberDecimalSeparator = '{decimalSeparator}'; [cultureinfo]::CurrentCulture = $culture";

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}

using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>The host runs text and files, and its streams and exit codes serve scripts.</summary>
public sealed class HostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Output_is_formatted_and_goes_to_the_output_stream()
    {
        var (exitCode, output, errors) = Run("-Command", $"Get-BnModule '{Fixtures.Path("digits.scripted.pt")}'");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("Name      Type        Channels Momentum", output);
        Assert.DoesNotContain('\e', output);
    }

    [Fact]
    public void Help_is_shown()
    {
        var (exitCode, output, errors) = Run("-Command", "Get-Help Update-BnStat -Full; Get-Help about_PreciseBn");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("Update-BnStat [-Data] <Object>", output);
        Assert.Contains("Example 1: Recompute into a copy", output);
        Assert.Contains("WHICH ESTIMATOR", output);
    }

    [Fact]
    public void Errors_go_to_the_error_stream_and_the_script_goes_on()
    {
        var (exitCode, output, errors) = Run("-Command", "Get-BnModule missing.pt; 'afterwards'");

        Assert.Equal(0, exitCode);
        Assert.Equal("afterwards", output.Trim());
        Assert.Contains("There is no file 'missing.pt'", errors);
    }

    [Theory]
    [InlineData("throw 'enough'", 1)]
    [InlineData("Get-BnModule missing.pt -ErrorAction Stop", 1)]
    [InlineData("if (", 1)]
    [InlineData("exit 7", 7)]
    [InlineData("1", 0)]
    public void The_exit_code_tells_how_it_ended(string script, int expected) => Assert.Equal(expected, Run("-Command", script).ExitCode);

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("exit 0", 0)]
    [InlineData("throw 'enough'", 1)]
    [InlineData("dotnet no-such-command 2>&1 > $null; 'the end'", 0)]
    [InlineData("Get-BnModule missing.pt; 'the end'", 0)]
    [InlineData("param([int] $Number = 'text') $Number", 1)]
    public void So_does_that_of_a_file(string script, int expected)
    {
        File.WriteAllText(_folder.File("script.ps1"), script);

        Assert.Equal(expected, Run("-File", _folder.File("script.ps1")).ExitCode);
    }

    [Fact]
    public void A_file_gets_its_arguments()
    {
        var script = _folder.File("it's.ps1");
        File.WriteAllText(script, "param($Name, [switch] $Loud, $Rest) \"$Name $Loud $Rest\"");

        Assert.Equal("a b True x'y", Run("-File", script, "-Name", "a b", "-Loud", "x'y").Output.Trim());
    }

    [Fact]
    public void Without_a_command_it_says_how_it_is_used()
    {
        var (exitCode, _, errors) = Run();

        Assert.Equal(64, exitCode);
        Assert.StartsWith("Usage:", errors);
    }

    [Theory]
    [InlineData("Get-BnModule")]
    [InlineData("Compare-BnStat $model")]
    [InlineData("Test-BnStat $model")]
    public void Reading_files_does_not_load_libtorch(string command)
    {
        var (_, output, errors) = Run("-Command",
            $"$model = '{Fixtures.Path("digits.scripted.pt")}'; $null = {command} $model; " +
            "@([System.Diagnostics.Process]::GetCurrentProcess().Modules.FileName -like '*torch_cpu*').Count");

        Assert.Equal("", errors);
        Assert.Equal("0", output.Trim());
    }

    [Theory]
    [InlineData("Get-BnModule $model")]
    [InlineData("Compare-BnStat $model $model")]
    [InlineData("Test-BnStat $model $model -PassThru")]
    [InlineData("Get-BnModule $model -Name bn | Update-BnStat ([TorchSharp.torch]::rand(4, 1, 28, 28)) -Destination copy.pt")]
    public void Tables_fit_120_columns(string command)
    {
        var (_, output, errors) = Run("-Command", $"$model = '{Fixtures.Path("digits.scripted.pt")}'; {command}");

        Assert.Equal("", errors);
        Assert.Contains(output.Split('\n'), line => line.StartsWith("Name ", StringComparison.Ordinal) && line.Contains("Channels"));
        Assert.All(output.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 120));
    }

    [Theory]
    [InlineData("Update-BnStat $data -Destination copy.pt", "VarianceError")]
    [InlineData("Test-BnStat $model -PassThru", "Passed")]
    public void Of_a_table_that_is_cut_at_80_columns_the_results_stay(string command, string lastResult)
    {
        var (_, output, errors) = Run("-Command",
            $"$model = '{Fixtures.Path("digits.scripted.pt")}'; $data = [TorchSharp.torch]::rand(4, 1, 28, 28); Get-BnModule $model | {command}");

        Assert.Equal("", errors);
        var headings = output.Split('\n').Single(line => line.StartsWith("Name ", StringComparison.Ordinal));
        Assert.InRange(headings.IndexOf(lastResult, StringComparison.Ordinal) + lastResult.Length, lastResult.Length, 80);
    }

    // The engine shows as a list what follows objects of another type.
    [Fact]
    public void Of_each_side_a_list_names_the_layer()
    {
        var (_, output, errors) = Run("-Command", $"$model = '{Fixtures.Path("digits.scripted.pt")}'; Get-BnModule $model -Name bn; Compare-BnStat $model $model");

        Assert.Equal("", errors);
        Assert.Matches(@"(?m)^Reference +: stem\.bn \(BatchNorm2d, 16 channels\)\r?$", output);
    }

    public void Dispose() => _folder.Dispose();

    private (int ExitCode, string Output, string Errors) Run(params string[] arguments) => HostProcess.Run(_folder.Path, arguments);
}

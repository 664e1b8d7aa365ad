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
        var (exitCode, output, errors) = Run($"Get-BnModule '{Fixtures.Path("digits.scripted.pt")}'");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("Name      Type        Channels Momentum", output);
        Assert.DoesNotContain('\e', output);
    }

    [Theory]
    [InlineData("Get-BnModule")]
    [InlineData("Compare-BnStat $model")]
    [InlineData("Test-BnStat $model")]
    public void Reading_files_does_not_load_libtorch(string command)
    {
        var (_, output, errors) = Run($"$model = '{Fixtures.Path("digits.scripted.pt")}'; $null = {command} $model; " +
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
        var (_, output, errors) = Run($"$model = '{Fixtures.Path("digits.scripted.pt")}'; {command}");

        Assert.Equal("", errors);
        Assert.Contains(output.Split('\n'), line => line.StartsWith("Name ", StringComparison.Ordinal) && line.Contains("Channels"));
        Assert.All(output.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 120));
    }

    [Theory]
    [InlineData("Update-BnStat $data -Destination copy.pt", "VarianceError")]
    [InlineData("Test-BnStat $model -PassThru", "Passed")]
    public void Of_a_table_that_is_cut_at_80_columns_the_results_stay(string command, string lastResult)
    {
        var (_, output, errors) = Run($"$model = '{Fixtures.Path("digits.scripted.pt")}'; $data = [TorchSharp.torch]::rand(4, 1, 28, 28); Get-BnModule $model | {command}");

        Assert.Equal("", errors);
        var headings = output.Split('\n').Single(line => line.StartsWith("Name ", StringComparison.Ordinal));
        Assert.InRange(headings.IndexOf(lastResult, StringComparison.Ordinal) + lastResult.Length, lastResult.Length, 80);
    }

    // The engine shows as a list what follows objects of another type.
    [Fact]
    public void Of_each_side_a_list_names_the_layer()
    {
        var (_, output, errors) = Run($"$model = '{Fixtures.Path("digits.scripted.pt")}'; Get-BnModule $model -Name bn; Compare-BnStat $model $model");

        Assert.Equal("", errors);
        Assert.Matches(@"(?m)^Reference +: stem\.bn \(BatchNorm2d, 16 channels\)\r?$", output);
    }

    public void Dispose() => _folder.Dispose();

    private (int ExitCode, string Output, string Errors) Run(string script) => HostProcess.Run(_folder.Path, script);
}

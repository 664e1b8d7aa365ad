using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>Statistics go from file to file on the command line.</summary>
public sealed class TransferTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public TransferTests()
    {
        _folder.Copy("digits.scripted.pt", "model.pt");
        _folder.Copy("digits.checkpoint.pth", "checkpoint.pth");
        _folder.Copy("digits.safetensors", "model.safetensors");
        _session = new PowerShellSession(_folder.Path);
    }

    [Fact]
    public void Recomputed_statistics_reach_the_checkpoint_in_the_same_pipeline()
    {
        var result = _session.Invoke("""
            $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -Mean 0.1307 -StandardDeviation 0.3081
            Get-BnModule model.pt | Update-BnStat $loader -Iterations 2 | Set-BnStat checkpoint.pth -Backup
            Compare-BnStat (Get-BnModule model.pt) (Get-BnModule checkpoint.pth)
            """);

        Assert.Empty(result.Errors);
        Assert.Equal("model.module.stem.bn", result.Values("Name")[0]);
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.checkpoint.pth")), File.ReadAllBytes(_folder.File("checkpoint.pth.bak")));
        var (model, checkpoint) = (BnModules("model.pt"), BnModules("checkpoint.pth"));
        Assert.Equal(model.Select(layer => ((double[])layer.Properties["Mean"].Value)[0]), checkpoint.Select(layer => ((double[])layer.Properties["Mean"].Value)[0]));
    }

    [Fact]
    public void A_file_is_the_source_with_From()
    {
        var result = _session.Invoke("Set-BnStat -From model.pt model.safetensors -Destination copy.safetensors; Compare-BnStat model.pt copy.safetensors");

        Assert.Empty(result.Errors);
        Assert.Equal(12, result.Output.Length);
        Assert.All(result.Values("Divergence")[6..], value => Assert.Equal(0.0, value));
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.safetensors")), File.ReadAllBytes(_folder.File("model.safetensors")));
    }

    [Fact]
    public void WhatIf_changes_nothing()
    {
        var result = _session.Invoke("Set-BnStat -From model.pt checkpoint.pth -WhatIf; Get-BnModule model.pt | Export-BnStat stats.safetensors -WhatIf");

        Assert.Empty(result.Output);
        Assert.False(File.Exists(_folder.File("stats.safetensors")));
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.checkpoint.pth")), File.ReadAllBytes(_folder.File("checkpoint.pth")));
    }

    [Fact]
    public void Exported_statistics_are_imported_and_set()
    {
        var result = _session.Invoke("""
            Get-BnModule model.pt | Export-BnStat stats.safetensors
            Import-BnStat stats.* | Set-BnStat checkpoint.pth | Out-Null
            Compare-BnStat model.pt stats.safetensors
            """);

        Assert.Empty(result.Errors);
        Assert.All(result.Values("Divergence"), value => Assert.Equal(0.0, value));
    }

    [Theory]
    [InlineData("Set-BnStat -From model.pt missing.pth", "FileNotFound")]
    [InlineData("Get-BnModule model.pt -Name bn, stem.bn | Set-BnStat checkpoint.pth", "LayersNotGiven")]
    [InlineData("Get-BnModule model.pt | Set-BnStat checkpoint.pth -Prefix wrong.", "LayersNotInFile")]
    [InlineData("Get-BnModule model.pt | Set-BnStat checkpoint.pth -Map @{ bn = 'nowhere' }", "LayerNotFound")]
    [InlineData("Get-BnModule model.pt, checkpoint.pth | Export-BnStat checkpoint.pth", "DestinationExists")]
    [InlineData("@(Get-BnModule model.pt) + @(Get-BnModule model.pt) | Export-BnStat twice.safetensors", "LayerGivenTwice")]
    [InlineData("Import-BnStat model.safetensors", "NotExported")]
    [InlineData("Import-BnStat model.pt", "NotExported")]
    [InlineData("Get-BnModule checkpoint.pth | Update-BnStat ([TorchSharp.torch]::rand(1, 1, 28, 28))", "NoCodeToRun")]
    public void Mistakes_are_explained(string script, string errorId)
    {
        var error = _session.InvokeFailing(script);

        Assert.Equal(errorId, error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.EndsWith(".", error.ToString());
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private System.Management.Automation.PSObject[] BnModules(string file) => _session.Invoke($"Get-BnModule {file}").Output;
}

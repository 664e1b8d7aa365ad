using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>With -Verbose a cmdlet tells which file, which data, why it ended and what was written where.</summary>
public sealed class VerboseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public VerboseTests()
    {
        _folder.Copy("digits.scripted.pt", "model.pt");
        _session = new PowerShellSession(_folder.Path);
        _session.Invoke("""
            $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -Mean 0.1307 -StandardDeviation 0.3081 -Take 64
            1..2 | ForEach-Object { Get-BnModule model.pt | Measure-BnStat $loader -Shard $_/2 | Export-BnStat part-$_.safetensors }
            """);
    }

    [Theory]
    [InlineData("Get-BnModule model.pt -Verbose", "/model.pt' has 6 BatchNorm layers with tracked statistics.")]
    [InlineData("Get-BnModule model.pt | Update-BnStat $loader -Verbose", "/model.pt' on 2 batches (1600 items in batches of 32, 64 at most), stopped by DataEnd.")]
    [InlineData("Get-BnModule model.pt | Update-BnStat $loader -Iterations 1 -Verbose", "stopped by Iterations.")]
    [InlineData("Get-BnModule model.pt | Update-BnStat $loader -Backup -Destination new.pt -Verbose", "The statistics of 6 layers were written into '*/new.pt' after * s; .bak keeps what was replaced.")]
    [InlineData("Test-BnStat model.pt -Data $loader -Verbose", "Measured 6 layers of model.pt on 2 batches (1600 items in batches of 32, 64 at most), stopped by DataEnd.")]
    [InlineData("Test-BnModule model.pt -Data $loader -Verbose", "Measured 6 layers of '*/model.pt' on 2 batches")]
    [InlineData("Merge-BnStat part-*.safetensors -Verbose", "Added the partial statistics in '*/part-2.safetensors'.")]
    [InlineData("Merge-BnStat part-*.safetensors -Verbose", "Merged 6 layers from 2 batches of all shards, stopped by DataEnd.")]
    [InlineData("Merge-BnStat part-*.safetensors | Update-BnStat -Destination new.pt -Verbose", "The statistics of 6 layers were written into '*/new.pt'.")]
    [InlineData("Set-BnStat -From model.pt \"$fixtures/digits.checkpoint.pth\" -Destination new.pth -Verbose", "Set the statistics of 6 layers; the result is in '*/new.pth'.")]
    [InlineData("Get-BnModule model.pt | Export-BnStat all.safetensors -Verbose", "The statistics of 6 layers were written into '*/all.safetensors'.")]
    [InlineData("Import-BnStat part-1.safetensors -Verbose", "/part-1.safetensors' has statistics of 6 layers.")]
    [InlineData("(Get-BnModule model.pt)[0] | Compare-BnStat model.pt -Verbose", "Layers on both sides: 1; in the reference alone: 5; in what is compared alone: 0.")]
    public void The_story_of_a_run_is_told(string script, string line)
    {
        var told = _session.Invoke(script).Verbose;

        Assert.Contains(told, text => new System.Management.Automation.WildcardPattern($"*{line}*").IsMatch(text));
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}

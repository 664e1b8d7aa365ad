using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>Precision and diagnosis on the command line.</summary>
public sealed class PrecisionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public PrecisionTests()
    {
        _folder.Copy("digits.scripted.pt", "model.pt");
        _session = new PowerShellSession(_folder.Path);
        _session.Invoke("$loader = New-BnDataLoader \"$fixtures/digits.calibration.npz\" -Key images -Mean 0.1307 -StandardDeviation 0.3081");
    }

    [Fact]
    public void Errors_are_on_every_object()
    {
        var result = _session.Invoke("Get-BnModule model.pt | Update-BnStat $loader");

        Assert.All(result.Values("MeanError"), error => Assert.InRange((double)error!, 1e-4, 0.1));
        Assert.All(result.Values("VarianceError"), error => Assert.InRange((double)error!, 1e-4, 0.1));
        Assert.All(result.Values("StoppedBy"), reason => Assert.Equal("DataEnd", reason!.ToString()));
    }

    [Fact]
    public void A_tolerance_stops_early_and_says_so()
    {
        var result = _session.Invoke("Get-BnModule model.pt -Name stem.bn | Update-BnStat $loader -Tolerance 0.05");

        Assert.Equal("Tolerance", result.Values("StoppedBy").Single()!.ToString());
        Assert.InRange((long)result.Values("Batches").Single()!, 10, 49);
    }

    [Fact]
    public void Several_estimators_give_an_object_each()
    {
        var result = _session.Invoke("Get-BnModule model.pt -Name bn | Update-BnStat $loader -Estimator MeanOfBatchVariance, PopulationVariance");

        Assert.Equal(["MeanOfBatchVariance", "PopulationVariance"], result.Values("Estimator").Select(value => value!.ToString()));
    }

    [Fact]
    public void Exact_says_beforehand_how_many_passes_there_will_be()
    {
        var result = _session.Invoke("Get-BnModule model.pt | Update-BnStat $loader -Exact -Iterations 3 6>&1");

        Assert.StartsWith("6 passes over up to 3 batches, about ", result.Output[0].ToString());
        Assert.Equal(6, result.Output.Length - 1);
    }

    [Fact]
    public void Skipped_batches_are_a_warning()
    {
        var result = _session.Invoke("""
            $bad = [TorchSharp.torch]::full(2, 1, 28, 28, [float]::NaN)
            $good = [TorchSharp.torch]::rand(2, 1, 28, 28)
            Get-BnModule model.pt | Update-BnStat @($good, $bad, $good) -SkipNonFinite
            """);

        Assert.Empty(result.Errors);
        Assert.All(result.Values("SkippedBatches"), value => Assert.Equal(1L, value));
        Assert.StartsWith("1 batches with NaN", Assert.Single(result.Warnings));
    }

    [Fact]
    public void Test_BnModule_finds_stale_statistics_and_passes_precise_ones()
    {
        var result = _session.Invoke("""
            Test-BnModule model.pt -Quiet
            Test-BnModule model.pt -Data $loader -Quiet
            Get-BnModule model.pt | Update-BnStat $loader | Out-Null
            Test-BnModule model.pt -Data $loader -Quiet
            Test-BnModule missing.pt -Quiet -ErrorAction SilentlyContinue
            Get-BnModule model.pt | Test-BnModule -Quiet
            """);

        Assert.Equal([true, false, true, false, true], result.Output.Select(value => (bool)value.BaseObject));
    }

    [Fact]
    public void Findings_name_layer_severity_and_advice()
    {
        var result = _session.Invoke("Test-BnModule model.pt -Data $loader");

        Assert.All(result.Output, finding => Assert.Equal("PreciseBn.BnFinding", finding.TypeNames[0]));
        Assert.Contains("Error", result.Values("Severity").Select(value => value!.ToString()));
        Assert.All(result.Values("Advice"), advice => Assert.Contains("Update-BnStat", (string)advice!));
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}

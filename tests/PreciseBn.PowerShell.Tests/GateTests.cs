using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>The gate on the command line, and the monitor built on it.</summary>
public sealed class GateTests : IDisposable
{
    private const string Normalise = "-Mean 0.1307 -StandardDeviation 0.3081";

    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public GateTests()
    {
        _folder.Copy("digits.scripted.pt", "stale.pt");
        _folder.Copy("digits.test.npz", "today.npz");
        _session = new PowerShellSession(_folder.Path);
        _session.Invoke($"""
            $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images {Normalise}
            $today = New-BnDataLoader today.npz -Key images {Normalise}
            $stats = Get-BnModule stale.pt | Update-BnStat $loader -Destination precise.pt
            """);
    }

    [Theory]
    [InlineData("precise.pt -Data $today", true)]
    [InlineData("$stats -Data $today", true)]
    [InlineData("stale.pt -Data $today", false)]
    [InlineData("(Get-BnModule stale.pt -Name stem.bn) -Data $today -VarianceRatio 2.1", true)]
    [InlineData("stale.pt precise.pt", false)]
    [InlineData("stale.pt precise.pt -MeanShift 1 -VarianceRatio 3 -Divergence 0.2", true)]
    [InlineData("stale.pt $stats", false)]
    public void One_answer_tells_whether_statistics_have_moved(string arguments, bool passes)
    {
        var result = _session.Invoke($"Test-BnStat {arguments}");

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        Assert.Equal(passes, Assert.Single(result.Output).BaseObject);
    }

    [Fact]
    public void Statistics_come_down_the_pipeline() =>
        Assert.Equal([true, false], _session.Invoke("$stats | Test-BnStat precise.pt; Get-BnModule stale.pt | Test-BnStat $stats").Output.Select(answer => (bool)answer.BaseObject));

    [Fact]
    public void PassThru_gives_comparisons_with_a_verdict()
    {
        var result = _session.Invoke("Test-BnStat stale.pt -Data $today -PassThru");

        Assert.Equal(6, result.Output.Length);
        Assert.All(result.Output, verdict => Assert.Equal(["PreciseBn.BnVerdict", "PreciseBn.BnComparison"], verdict.TypeNames.Take(2)));
        Assert.All(result.Values("Passed"), passed => Assert.Equal(false, passed));
        Assert.All(result.Output, verdict => Assert.True((double)verdict.Properties["LeastMeanShift"].Value < (double)verdict.Properties["MeanShift"].Value));
    }

    [Fact]
    public void Verbose_says_what_does_not_pass()
    {
        var result = _session.Invoke("Test-BnStat stale.pt precise.pt -Verbose");

        Assert.Equal(6, result.Verbose.Count(line => line.Contains("does not pass. ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_small_sample_raises_no_alarm_and_says_that_it_is_small()
    {
        var result = _session.Invoke("Test-BnStat precise.pt -Data $today -Iterations 2");

        Assert.Equal(true, Assert.Single(result.Output).BaseObject);
        Assert.StartsWith("The sample is small", Assert.Single(result.Warnings));
    }

    [Fact]
    public void Testing_changes_no_file()
    {
        var before = File.ReadAllBytes(_folder.File("stale.pt"));

        _session.Invoke("Test-BnStat stale.pt -Data $today");

        Assert.Equal(before, File.ReadAllBytes(_folder.File("stale.pt")));
    }

    [Theory]
    [InlineData("precise.pt -Data $today -Iterations 1", "SingleBatch")]
    [InlineData("(Get-BnModule stale.pt, precise.pt) -Data $today", "NotOneModel")]
    [InlineData("missing.pt -Data $today", "FileNotFound")]
    [InlineData("precise.pt -Data missing.npz", "FileNotFound")]
    public void Mistakes_are_explained_and_give_no_answer(string arguments, string errorId)
    {
        var error = _session.InvokeFailing($"Test-BnStat {arguments} | ForEach-Object {{ throw 'an answer' }}");

        Assert.Equal(errorId, error.FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public void Statistics_that_name_no_model_cannot_be_run_on_data()
    {
        var error = _session.InvokeFailing(
            "$both = Get-BnModule stale.pt | Update-BnStat $loader -Estimator PopulationVariance, MeanOfBatchVariance; Test-BnStat $both -Data $today");

        Assert.StartsWith("ModelUnknown", error.FullyQualifiedErrorId);
    }

    [Fact]
    public void The_monitor_appends_to_its_log_and_exits_with_1_when_a_layer_has_drifted()
    {
        var monitor = $"& '{Repository.Root}/module/examples/drift-monitor.ps1' -Data today.npz -Log drift.csv "
            + "-Loader @{ Key = 'images'; Mean = 0.1307; StandardDeviation = 0.3081 }";

        var result = _session.Invoke($"{monitor} -Model precise.pt; $LASTEXITCODE; {monitor} -Model stale.pt 3> $null; $LASTEXITCODE");

        Assert.Empty(result.Errors);
        Assert.Equal([0, 1], result.Output.Select(code => code.BaseObject));
        var lines = File.ReadAllLines(_folder.File("drift.csv"));
        Assert.Equal("Date,Name,MeanShift,LeastMeanShift,VarianceRatio,LeastVarianceRatio,Divergence,LeastDivergence,Passed", lines[0]);
        Assert.Equal(12, lines.Length - 1);
        Assert.All(lines[1..7], line => Assert.EndsWith(",True", line));
        Assert.All(lines[7..], line => Assert.EndsWith(",False", line));
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}

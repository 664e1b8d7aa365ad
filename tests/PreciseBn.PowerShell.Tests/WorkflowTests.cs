using System.Management.Automation;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>The main job, as it is typed.</summary>
public sealed class WorkflowTests : IDisposable
{
    private const string Loader =
        "$loader = New-BnDataLoader \"$fixtures/digits.calibration.npz\" -Key images -BatchSize 32 -Mean 0.1307 -StandardDeviation 0.3081";

    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;
    private readonly string _model;

    public WorkflowTests()
    {
        _model = _folder.Copy("digits.scripted.pt", "model.pt");
        _session = new PowerShellSession(_folder.Path);
    }

    [Fact]
    public void The_three_lines_of_the_readme_recompute_and_compare()
    {
        var result = _session.Invoke($"""
            {Loader}
            Get-BnModule model.pt | Update-BnStat -Data $loader -Iterations 50 -Destination model.precise.pt
            Compare-BnStat model.pt model.precise.pt
            """);

        Assert.Empty(result.Errors);
        var stats = result.Output[..6];
        var comparisons = result.Output[6..];
        Assert.All(stats, stat => Assert.Equal("PreciseBn.BnStat", stat.TypeNames[0]));
        Assert.All(comparisons, comparison => Assert.Equal("PreciseBn.BnComparison", comparison.TypeNames[0]));
        foreach (var (stat, comparison) in stats.Zip(comparisons))
        {
            Assert.Equal(stat.Properties["Name"].Value, comparison.Properties["Name"].Value);
            Assert.Equal((double)stat.Properties["MeanShift"].Value, (double)comparison.Properties["MeanShift"].Value, 1e-5);
        }
    }

    [Fact]
    public void Accuracy_rises_from_92_1_to_97_1_percent()
    {
        var result = _session.Invoke($"& '{Repository.Root}/module/examples/digits.ps1' -Fixtures $fixtures -Folder '{_folder.Path}' 6>&1");

        Assert.Equal(
            ["Accuracy on 1000 test images before: 92.1 %", "Accuracy on 1000 test images after:  97.1 %"],
            result.Output.Select(line => line.ToString()).Where(line => line!.StartsWith("Accuracy", StringComparison.Ordinal)));
    }

    [Fact]
    public void WhatIf_changes_nothing_and_reads_no_data()
    {
        var before = Hash();

        var result = _session.Invoke("Get-BnModule model.pt | Update-BnStat -Data { throw 'read' }.Invoke -WhatIf");

        Assert.Empty(result.Output);
        Assert.Equal(before, Hash());
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Several_models_are_each_done_with_the_same_data()
    {
        File.Copy(_model, _folder.File("second.pt"));

        var result = _session.Invoke($"{Loader}; Get-BnModule *.pt -Name stem.bn | Update-BnStat -Data $loader -Iterations 2");

        Assert.Equal([_model, _folder.File("second.pt")], result.Values("Path"));
        Assert.Equal(((double[])result.Values("Mean")[0]!), (double[])result.Values("Mean")[1]!);
    }

    [Fact]
    public void Several_models_go_into_a_folder()
    {
        File.Copy(_model, _folder.File("second.pt"));
        Directory.CreateDirectory(_folder.File("out"));

        _session.Invoke($"{Loader}; Get-BnModule *.pt -Name stem.bn | Update-BnStat -Data $loader -Iterations 2 -Destination out");

        Assert.Equal(["model.pt", "second.pt"], Directory.GetFiles(_folder.File("out")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Files_come_down_the_pipeline_as_text_and_as_objects_with_a_path()
    {
        Assert.Equal(6, _session.Invoke("'model.pt' | Get-BnModule").Output.Length);
        Assert.Equal(6, _session.Invoke("[pscustomobject]@{ PSPath = \"$pwd/model.pt\" } | Get-BnModule").Output.Length);
        Assert.Equal(6, _session.Invoke("Get-BnModule -LiteralPath model.pt").Output.Length);
    }

    [Theory]
    [InlineData("-Name body.*", 4)]
    [InlineData("-Name stem.bn, bn", 2)]
    [InlineData("-Mode Training", 0)]
    [InlineData("-Mode Evaluation", 6)]
    public void Layers_are_chosen_by_name_and_mode(string arguments, int count) =>
        Assert.Equal(count, _session.Invoke($"Get-BnModule model.pt {arguments}").Output.Length);

    [Fact]
    public void A_name_that_no_layer_has_is_an_error_beside_those_found()
    {
        var result = _session.Invoke("Get-BnModule model.pt -Name stem.bn, nowhere");

        Assert.Single(result.Output);
        Assert.StartsWith("LayerNotFound", Assert.Single(result.Errors).FullyQualifiedErrorId);
    }

    [Theory]
    [InlineData("$a")]
    [InlineData("@($a, $a)")]
    [InlineData("@{ image = $a }")]
    [InlineData("@(@{ image = $a; label = $a }) -InputKey image")]
    [InlineData("(,@($a, $a)) -InputKey 1")]
    [InlineData("(New-BnDataLoader -InputObject $a -BatchSize 2)")]
    [InlineData("([single[,,,]]::new(2, 1, 28, 28))")]
    public void Data_of_every_usual_form_are_taken(string data)
    {
        var result = _session.Invoke($"""
            $a = [TorchSharp.torch]::rand(4, 1, 28, 28)
            Get-BnModule model.pt -Name stem.bn | Update-BnStat -Data {data}
            """);

        Assert.Empty(result.Errors);
        Assert.Single(result.Output);
    }

    [Theory]
    [InlineData("\"$fixtures/digits.calibration.npz\"")]
    [InlineData("\"$fixtures/digits.calibration.n*z\"")]
    [InlineData("([System.IO.FileInfo]\"$fixtures/digits.calibration.npz\")")]
    public void Data_are_taken_from_a_path_with_the_defaults_of_the_loader(string path)
    {
        var result = _session.Invoke($"""
            Get-BnModule model.pt -Name stem.bn | Update-BnStat {path} -InputKey images -Iterations 2 -Destination a.pt -Verbose
            Get-BnModule model.pt -Name stem.bn | Update-BnStat (New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images) -Iterations 2 -Destination b.pt
            """);

        Assert.Empty(result.Errors);
        Assert.Equal((double[])result.Values("Mean")[1]!, (double[])result.Values("Mean")[0]!);
        Assert.Contains(result.Verbose, line => line.Contains("1600 items in batches of 32"));
    }

    [Fact]
    public void A_live_model_is_listed_and_recomputed()
    {
        var result = _session.Invoke("""
            $bn = [TorchSharp.torch+nn]::BatchNorm1d(3)
            Get-BnModule -Model $bn | Update-BnStat -Data ([TorchSharp.torch]::rand(50, 3) + 7)
            """);

        Assert.Empty(result.Errors);
        Assert.All((double[])result.Values("Mean").Single()!, mean => Assert.InRange(mean, 7.2, 7.8));
    }

    [Fact]
    public void Progress_names_the_file_and_the_throughput_and_is_completed()
    {
        var result = _session.Invoke($"{Loader}; Get-BnModule model.pt | Update-BnStat -Data $loader");

        Assert.Contains(result.Progress, record => record.CurrentOperation == _model && Regex.IsMatch(record.StatusDescription, @"of 50, [\d.]+ batches/s$"));
        Assert.Equal(ProgressRecordType.Completed, result.Progress[^1].RecordType);
    }

    [Fact]
    public void Progress_of_several_models_is_nested()
    {
        File.Copy(_model, _folder.File("second.pt"));

        var progress = _session.Invoke($"{Loader}; Get-BnModule *.pt -Name stem.bn | Update-BnStat -Data $loader -Iterations 2").Progress;

        var models = progress.Where(record => record.StatusDescription.StartsWith("Model ", StringComparison.Ordinal)).ToArray();
        Assert.Equal([("Model 1 of 2", _model), ("Model 2 of 2", _folder.File("second.pt"))], models.Select(record => (record.StatusDescription, record.CurrentOperation)));
        Assert.All(progress.Where(record => record.StatusDescription.StartsWith("Batch ", StringComparison.Ordinal)), record => Assert.Equal(models[0].ActivityId, record.ParentActivityId));
        Assert.Equal((models[0].ActivityId, ProgressRecordType.Completed), (progress[^1].ActivityId, progress[^1].RecordType));
    }

    [Fact]
    public void Stopping_ends_within_a_batch_and_changes_nothing()
    {
        var before = Hash();
        using var shell = _session.Create("""
            $endless = [System.Linq.Enumerable]::Repeat([TorchSharp.torch]::rand(4, 1, 28, 28), 1000000)
            Get-BnModule model.pt | Update-BnStat -Data $endless -Iterations 1000000
            """, []);
        using var started = new ManualResetEventSlim();
        shell.Streams.Progress.DataAdded += (_, _) => started.Set();

        var running = shell.BeginInvoke();
        Assert.True(started.Wait(TimeSpan.FromMinutes(1)));
        shell.Stop();

        Assert.Throws<PipelineStoppedException>(() => shell.EndInvoke(running));
        Assert.Equal(before, Hash());
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Layers_on_one_side_only_are_reported_as_such()
    {
        var result = _session.Invoke(
            "Compare-BnStat -Reference (Get-BnModule model.pt -Name stem.bn, bn) -Difference (Get-BnModule model.pt -Name bn, body.0.bn)");

        Assert.Equal(["stem.bn", "bn", "body.0.bn"], result.Values("Name"));
        Assert.Equal(["ReferenceOnly", "Both", "DifferenceOnly"], result.Values("Presence").Select(value => value!.ToString()));
        Assert.Equal([null, 0.0, null], result.Values("Divergence"));
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private string Hash() => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(_model)));
}

using System.Management.Automation;
using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>Shards are measured and merged as it is typed, here, in files and in other processes.</summary>
public sealed class ShardTests : IDisposable
{
    private const string Loader =
        "$loader = New-BnDataLoader \"$fixtures/digits.calibration.npz\" -Key images -Mean 0.1307 -StandardDeviation 0.3081 -Take 128";

    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;
    private readonly string _model;

    public ShardTests()
    {
        _model = _folder.Copy("digits.scripted.pt", "model.pt");
        _session = new PowerShellSession(_folder.Path);
        _session.Invoke(Loader);
    }

    [Fact]
    public void Files_of_shards_are_merged_and_set()
    {
        var result = _session.Invoke("""
            foreach ($i in 1..2) { Get-BnModule model.pt | Measure-BnStat $loader -Shard $i/2 | Export-BnStat part-$i.safetensors }
            Merge-BnStat part-*.safetensors | Set-BnStat model.pt -Destination merged.pt | Out-Null
            Get-BnModule model.pt | Update-BnStat $loader -Destination whole.pt | Out-Null
            Compare-BnStat whole.pt merged.pt
            """);

        Assert.Empty(result.Errors);
        Assert.All(result.Values("Divergence"), value => Assert.InRange((double)value!, 0, 1e-2));
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.scripted.pt")), File.ReadAllBytes(_model));
    }

    [Fact]
    public void What_is_merged_goes_into_all_pipelines()
    {
        var result = _session.Invoke("""
            $merged = 1..4 | ForEach-Object { Get-BnModule model.pt | Measure-BnStat $loader -Shard $_/4 } | Merge-BnStat
            $merged | Export-BnStat stats.safetensors
            $merged | Set-BnStat model.pt -Destination set.pt | Out-Null
            $merged | Update-BnStat -Destination updated.pt | Out-Null
            Compare-BnStat set.pt updated.pt
            Compare-BnStat set.pt stats.safetensors
            $merged | Compare-BnStat -Reference set.pt
            """);

        Assert.Empty(result.Errors);
        Assert.Equal(18, result.Output.Length);
        Assert.All(result.Values("Divergence"), value => Assert.InRange((double)value!, 0, 1e-12));
        Assert.Equal(File.ReadAllBytes(_folder.File("set.pt")), File.ReadAllBytes(_folder.File("updated.pt")));
    }

    // One level deep is what jobs and remote sessions send.
    [Fact]
    public void Objects_that_were_sent_from_another_process_merge_as_the_originals()
    {
        var result = _session.Invoke("""
            $parts = 1..2 | ForEach-Object { Get-BnModule model.pt | Measure-BnStat $loader -Shard $_/2 -Estimator PopulationVariance, MeanOfBatchVariance }
            $sent = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($parts, 1))
            $sent[0].pstypenames[0]
            $parts | Merge-BnStat
            $sent | Merge-BnStat
            """);

        Assert.Empty(result.Errors);
        Assert.Equal("Deserialized.PreciseBn.PartialBnStat", result.Output[0].ToString());
        foreach (var property in new[] { "Name", "Estimator", "Batches", "BatchesTracked", "Mean", "Variance", "LogVarianceStandardError", "PreviousMean", "Path" })
            Assert.Equal(result.Values(property)[1..13], result.Values(property)[13..]);
    }

    [Fact]
    public void Files_come_down_the_pipeline_as_text_and_from_a_listing()
    {
        _session.Invoke("1..2 | ForEach-Object { Get-BnModule model.pt | Measure-BnStat $loader -Shard $_/2 | Export-BnStat part-$_.safetensors }");

        Assert.Equal(6, _session.Invoke("'part-1.safetensors', 'part-2.safetensors' | Merge-BnStat").Output.Length);
        Assert.Equal(6, _session.Invoke("[System.IO.DirectoryInfo]::new(\"$pwd\").GetFiles('part-*') | Merge-BnStat").Output.Length);
        Assert.Equal(6, _session.Invoke("Merge-BnStat -LiteralPath part-1.safetensors, part-2.safetensors").Output.Length);
        Assert.Equal(12, _session.Invoke("Import-BnStat part-*.safetensors").Output.Length);
    }

    [Fact]
    public void Merges_of_some_shards_are_merged_again()
    {
        var result = _session.Invoke("""
            $parts = 1..3 | ForEach-Object { , @(Get-BnModule model.pt | Measure-BnStat $loader -Shard $_/3) }
            $parts[2] + $parts[0] | Merge-BnStat -AsPartial | Export-BnStat some.safetensors
            $parts[1] | Export-BnStat other.safetensors
            $parts[0] + $parts[1] + $parts[2] | Merge-BnStat
            Merge-BnStat some.safetensors, other.safetensors
            """);

        Assert.Empty(result.Errors);
        var variances = result.Values("Variance").Select(value => ((double[])value!)[0]).ToArray();
        foreach (var (one, other) in variances[..6].Zip(variances[6..]))
            Assert.Equal(one, other, 1e-12 * one);
    }

    // In a process of its own, as the example divides the threads of libtorch.
    [Fact]
    public void The_example_in_one_process_gives_the_same_as_one_shard_after_the_other()
    {
        var (exitCode, output, errors) = HostProcess.Run(_folder.Path, $"{Repository.Root}/module/examples/parallel.ps1 -Shards 3 -Destination parallel.pt");
        var result = _session.Invoke("""
            $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -Mean 0.1307 -StandardDeviation 0.3081
            1..3 | ForEach-Object { Get-BnModule model.pt | Measure-BnStat $loader -Shard $_/3 } | Merge-BnStat | Update-BnStat | Out-Null
            Compare-BnStat model.pt parallel.pt
            """);

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("body.0.bn", output);
        Assert.All(result.Values("MeanShift"), shift => Assert.InRange((double)shift!, 0, 1e-6));
        Assert.All(result.Values("VarianceRatio"), ratio => Assert.InRange((double)ratio!, 1, 1 + 1e-5));
    }

    [Fact]
    public void Missing_shards_end_the_pipeline_or_are_a_warning()
    {
        _session.Invoke("Get-BnModule model.pt | Measure-BnStat $loader -Shard 2/3 | Export-BnStat part-2.safetensors");

        var error = _session.InvokeFailing("Merge-BnStat part-*.safetensors | Set-BnStat model.pt");
        var allowed = _session.Invoke("Merge-BnStat part-*.safetensors -AllowMissing");

        Assert.StartsWith("ShardsMissing,", error.FullyQualifiedErrorId);
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.scripted.pt")), File.ReadAllBytes(_model));
        Assert.Equal(6, allowed.Output.Length);
        Assert.Contains("shard 1, 3 of 3", Assert.Single(allowed.Warnings));
    }

    [Fact]
    public void A_checkpoint_is_the_partial_in_the_end()
    {
        var result = _session.Invoke("""
            1..2 | ForEach-Object { Get-BnModule model.pt | Measure-BnStat $loader -Shard $_/2 -Checkpoint part-$_.safetensors -Every 1 | Out-Null }
            Merge-BnStat part-*.safetensors
            """);

        Assert.Empty(result.Errors);
        Assert.All(result.Values("Batches"), batches => Assert.Equal(4L, batches));
    }

    [Fact]
    public void WhatIf_measures_and_writes_nothing()
    {
        var result = _session.Invoke("""
            Get-BnModule model.pt | Measure-BnStat { throw 'read' }.Invoke -Checkpoint c.safetensors -WhatIf
            Get-BnModule model.pt | Measure-BnStat $loader | Export-BnStat part.safetensors -WhatIf
            Get-BnModule model.pt | Measure-BnStat $loader | Merge-BnStat | Update-BnStat -WhatIf
            """);

        Assert.Empty(result.Output);
        Assert.Equal([_model], Directory.GetFiles(_folder.Path));
        Assert.Equal(File.ReadAllBytes(Fixtures.Path("digits.scripted.pt")), File.ReadAllBytes(_model));
    }

    [Theory]
    [InlineData("Merge-BnStat nothing-*.safetensors", "FileNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Merge-BnStat model.pt", "NotAPartial", ErrorCategory.InvalidData)]
    [InlineData("1, 2 | Merge-BnStat", "NotAPartial", ErrorCategory.InvalidData)]
    [InlineData("@() | Merge-BnStat", "NothingGiven", ErrorCategory.InvalidArgument)]
    [InlineData("$part, $part | Merge-BnStat", "ShardTwice", ErrorCategory.InvalidData)]
    [InlineData("Get-BnModule model.pt | Measure-BnStat $loader -Shard 3/2", "NotAShard", ErrorCategory.InvalidArgument)]
    [InlineData("Get-BnModule model.pt, copy.pt | Measure-BnStat $loader -Checkpoint c.safetensors", "OneCheckpoint", ErrorCategory.InvalidArgument)]
    [InlineData("Get-BnModule model.pt | Measure-BnStat $loader -Checkpoint nowhere/c.safetensors", "FolderNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-BnModule model.pt | Measure-BnStat (New-BnDataLoader \"$fixtures/digits.calibration.npz\" -Key images -Shuffle) -Shard 1/2", "SeedNeeded", ErrorCategory.InvalidArgument)]
    [InlineData("Get-BnModule model.pt | Measure-BnStat $loader -Shard 1/2 -Iterations 3", "NotEnoughData", ErrorCategory.InvalidData)]
    public void Mistakes_are_explained(string script, string errorId, ErrorCategory category)
    {
        File.Copy(_model, _folder.File("copy.pt"));
        _session.Invoke("$part = Get-BnModule model.pt -Name bn | Measure-BnStat $loader -Shard 1/4");

        var error = _session.InvokeFailing(script);

        Assert.Equal(errorId, error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.EndsWith(".", error.ToString());
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}

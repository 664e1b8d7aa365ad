using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>A script block changes each batch before the model gets it.</summary>
public sealed class TransformTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public TransformTests() => _session = new PowerShellSession(_folder.Path);

    [Theory]
    [InlineData("{ $_ * $factor + 1 }")]
    [InlineData("{ param($batch) $batch * $factor + 1 }")]
    [InlineData("{ $half = $_ * ($factor / 2); $half = $half * 2; $half + 1 }")]
    public void The_model_gets_what_the_script_returns(string script) =>
        Assert.Equal([1f, 4f, 7f], Values($"$factor = 3.0; New-BnDataLoader -InputObject ([float[]](0, 1, 2)) -Transform {script}"));

    [Theory]
    [InlineData("{ $_.left + 1; $_.right }")]
    [InlineData("{ @{ right = $_.right; left = $_.left + 1 } }")]
    public void Several_inputs_come_by_key_and_go_in_order_or_by_key(string script)
    {
        var result = _session.Invoke($$"""
            $loader = New-BnDataLoader "$fixtures/two-inputs.batches.npz" -AsBatches -Key left, right -Transform {{script}}
            $plain = New-BnDataLoader "$fixtures/two-inputs.batches.npz" -AsBatches -Key left, right
            $given = @($plain)[0].Inputs; $batch = @($loader)[0].Inputs
            ($batch[0] - $given[0]).mean().item[float]()
            ($batch[1] - $given[1]).abs().max().item[float]()
            """);

        Assert.Empty(result.Errors);
        Assert.Equal([1.0, 0.0], result.Output.Select(value => Math.Round((float)value.BaseObject, 6)));
    }

    [Fact]
    public void What_it_keeps_stays_its_own() => Assert.Equal(
        [5f, 5f],
        Values("$mine = [TorchSharp.torch]::tensor([float[]](5)); $loader = New-BnDataLoader -InputObject ([float[]](0, 1)) -BatchSize 1 -Transform { $mine }; $null = @($loader); $loader"));

    [Fact]
    public void Recomputed_statistics_are_those_of_changed_data()
    {
        _folder.Copy("digits.scripted.pt", "model.pt");
        var result = _session.Invoke("""
            $plain = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -Take 64 -Mean 0.1307 -StandardDeviation 0.3081
            $script = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -Take 64 -Transform { ($_ - 0.1307) / 0.3081 }
            Get-BnModule model.pt | Update-BnStat $plain -Destination plain.pt | Out-Null
            Get-BnModule model.pt | Update-BnStat $script -Destination script.pt | Out-Null
            Compare-BnStat plain.pt script.pt
            """);

        Assert.Empty(result.Errors);
        Assert.All(result.Values("MeanShift"), shift => Assert.InRange((double)shift!, 0, 1e-4));
        Assert.Equal(6, result.Output.Length);
    }

    [Theory]
    [InlineData("{ throw 'the lens is dirty' }", "TransformFailed", "batch 0 (Float32 [1]): the lens is dirty.")]
    [InlineData("{ Get-BnModule nowhere.pt; $_ }", "TransformFailed", "There is no file 'nowhere.pt'")]
    [InlineData("{ $_.reshape([long[]](5, 5)) }", "TransformFailed", "shape '[5, 5]' is invalid")]
    [InlineData("{ }", "NotTransformed", "returned nothing for batch 0")]
    [InlineData("{ 'text' }", "NotTransformed", "type String")]
    [InlineData("{ $_; 'text' }", "NotTransformed", "type String")]
    public void A_script_that_fails_is_an_error_that_names_the_batch(string script, string errorId, string mentioned)
    {
        _folder.Copy("bn1d.scripted.pt", "model.pt");

        var error = _session.InvokeFailing($"Get-BnModule model.pt | Update-BnStat (New-BnDataLoader -InputObject ([float[]](0, 1)) -BatchSize 1 -Transform {script})");

        Assert.StartsWith(errorId, error.FullyQualifiedErrorId);
        Assert.Contains(mentioned, error.Exception.Message);
    }

    [Fact]
    public void Thousands_of_batches_leave_no_tensor_behind()
    {
        var result = _session.Invoke("""
            $loader = New-BnDataLoader -InputObject ([float[]](1..3000)) -BatchSize 1 -Transform { $twice = $_ * 2; $view = $twice.view([long[]](1, 1)); $view + 1 }
            $before = [TorchSharp.torch+Tensor]::TotalCount
            foreach ($batch in $loader) { $batch.Dispose() }
            [TorchSharp.torch+Tensor]::TotalCount - $before
            """);

        Assert.Empty(result.Errors);
        // The other tests that run now have some too.
        Assert.InRange((long)Assert.Single(result.Output).BaseObject, long.MinValue, 1500);
    }

    [Fact]
    public void Another_script_makes_other_data()
    {
        var result = _session.Invoke("""
            foreach ($script in { $_ }, { $_ + 1 }, { $_ }) { (New-BnDataLoader -InputObject ([float[]](0, 1)) -Transform $script).Identify() }
            """);

        Assert.Equal(result.Output[0].BaseObject, result.Output[2].BaseObject);
        Assert.NotEqual(result.Output[0].BaseObject, result.Output[1].BaseObject);
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private IEnumerable<float> Values(string script)
    {
        var result = _session.Invoke($"$made = . {{ {script} }}; foreach ($batch in $made) {{ $batch.Inputs[0].data[float]().ToArray() }}");
        Assert.Empty(result.Errors);
        return result.Output.Select(value => (float)value.BaseObject);
    }
}

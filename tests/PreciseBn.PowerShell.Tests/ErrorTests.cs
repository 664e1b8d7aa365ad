using System.Management.Automation;
using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>A user's mistake gives one error record with a stable id, a true category and advice, and no stack trace.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public ErrorTests()
    {
        _folder.Copy("digits.scripted.pt", "model.pt");
        File.WriteAllText(_folder.File("text.pt"), "not a model");
        _session = new PowerShellSession(_folder.Path);
        _session.Invoke("$data = [TorchSharp.torch]::rand(4, 1, 28, 28)");
    }

    [Theory]
    [InlineData("Get-BnModule missing.pt", "FileNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-BnModule *.nothing", "FileNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-BnModule -LiteralPath missing.pt", "FileNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-BnModule nodrive:/model.pt", "FileNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-BnModule Variable:/data", "NotAFilePath", ErrorCategory.InvalidArgument)]
    [InlineData("Get-BnModule .", "PathIsDirectory", ErrorCategory.InvalidArgument)]
    [InlineData("Get-BnModule text.pt", "NotAModel", ErrorCategory.InvalidData)]
    [InlineData("Compare-BnStat model.pt missing.pt", "FileNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Compare-BnStat model.pt $data", "NotStatistics", ErrorCategory.InvalidArgument)]
    [InlineData("Test-BnStat (New-BnDataLoader -InputObject $data) model.pt", "NotStatistics", ErrorCategory.InvalidArgument)]
    [InlineData("Test-BnStat model.pt @{}", "NotStatistics", ErrorCategory.InvalidArgument)]
    [InlineData("Compare-BnStat model.pt model.pt | Export-BnReport report.pdf", "UnknownReportFormat", ErrorCategory.InvalidArgument)]
    [InlineData("New-BnDataLoader missing.npz", "FileNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("New-BnDataLoader model.pt", "ModelAsData", ErrorCategory.InvalidArgument)]
    [InlineData("New-BnDataLoader \"$fixtures/digits.test.npz\" -Key nothing", "KeyNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("New-BnDataLoader \"$fixtures/digits.test.npz\" -Key images -StandardDeviation 0", "ZeroDeviation", ErrorCategory.InvalidArgument)]
    [InlineData("Get-BnModule model.pt | Update-BnStat $data -Iterations 2", "NotEnoughData", ErrorCategory.InvalidData)]
    [InlineData("Get-BnModule model.pt | Update-BnStat ([TorchSharp.torch]::rand(4, 3))", "ForwardFailed", ErrorCategory.InvalidData)]
    [InlineData("Get-BnModule model.pt | Update-BnStat 'text'", "FileNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-BnModule model.pt | Update-BnStat text.pt", "UnknownDataFile", ErrorCategory.NotImplemented)]
    [InlineData("Get-BnModule model.pt | Update-BnStat \"$fixtures/digits.test.npz\"", "KeyNeeded", ErrorCategory.InvalidArgument)]
    [InlineData("Get-BnModule model.pt | Update-BnStat @{}", "InputKeyNeeded", ErrorCategory.InvalidArgument)]
    [InlineData("Get-BnModule model.pt | Update-BnStat $data -Device cuda:7", "DeviceNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-BnModule model.pt | Update-BnStat $data -Device tpu", "UnknownDevice", ErrorCategory.InvalidArgument)]
    [InlineData("Get-BnModule model.pt | Update-BnStat $data -Destination text.pt", "DestinationExists", ErrorCategory.ResourceExists)]
    [InlineData("Get-BnModule model.pt | Update-BnStat $data -Destination nowhere/x.pt", "FolderNotFound", ErrorCategory.ObjectNotFound)]
    public void Mistakes_are_explained(string script, string errorId, ErrorCategory category)
    {
        var error = _session.InvokeFailing(script);

        Assert.Equal(errorId, error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.DoesNotContain("   at ", error.ToString());
        Assert.EndsWith(".", error.ToString());
    }

    [Fact]
    public void Several_models_cannot_be_written_to_one_file()
    {
        File.Copy(_folder.File("model.pt"), _folder.File("second.pt"));

        var error = _session.InvokeFailing("Get-BnModule model.pt, second.pt | Update-BnStat $data -Destination one.pt");

        Assert.StartsWith("DestinationNotAFolder", error.FullyQualifiedErrorId);
        Assert.False(File.Exists(_folder.File("one.pt")));
    }

    [Fact]
    public void One_bad_model_does_not_keep_the_others_from_being_listed()
    {
        var result = _session.Invoke("Get-BnModule text.pt, model.pt");

        Assert.Equal(6, result.Output.Length);
        Assert.Single(result.Errors);
    }

    [Fact]
    public void A_model_without_BatchNorm_is_a_warning_that_says_what_it_is()
    {
        ArchiveEditor.RewriteCode(Fixtures.Path("dict-out.scripted.pt"), _folder.File("other.pt"), "torch.batch_norm(", "torch.other(");

        var result = _session.Invoke("Get-BnModule other.pt");

        Assert.Empty(result.Output);
        Assert.Empty(result.Errors);
        Assert.Contains("Conv2d", Assert.Single(result.Warnings));
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }
}

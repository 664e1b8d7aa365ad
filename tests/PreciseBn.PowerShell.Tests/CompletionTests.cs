using System.Management.Automation;
using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>The tab key offers what could stand at the place.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PowerShellSession _session;

    public CompletionTests()
    {
        _folder.Copy("digits.scripted.pt", "model.pt");
        _folder.Copy("digits.calibration.npz", "calibration.npz");
        _folder.Copy("tensors/dictionary.pt", "dictionary.pt");
        _folder.Copy("tables/numbers.parquet", "numbers.parquet");
        File.WriteAllText(_folder.File("table.csv"), "id,f1,f2\nx,1,2\n");
        _session = new PowerShellSession(_folder.Path);
    }

    [Theory]
    [InlineData("Get-BnModule model.pt -Name ", "stem.bn body.0.bn body.1.bn body.2.bn body.3.bn bn")]
    [InlineData("Get-BnModule model.pt -Name BODY.1", "body.1.bn")]
    [InlineData("Get-BnModule model.pt -Name bn, st", "stem.bn")]
    [InlineData("Get-BnModule -LiteralPath model.pt -Name 'st", "stem.bn")]
    [InlineData("Get-BnModule mod*.pt -Name st", "stem.bn")]
    [InlineData("New-BnDataLoader calibration.npz -Key ", "images labels")]
    [InlineData("New-BnDataLoader calibration.npz -Key la", "labels")]
    [InlineData("New-BnDataLoader dictionary.pt -Key more", "more.left more.right.0")]
    [InlineData("New-BnDataLoader table.csv -Column ", "id f1 f2")]
    [InlineData("New-BnDataLoader table.csv, numbers.parquet -ExcludeColumn f", "f1 f2 f")]
    [InlineData("Update-BnStat -Device c", "cpu")]
    [InlineData("Test-BnStat -Device ", "cpu")]
    public void Names_that_begin_so_are_offered(string typed, string names) => Assert.Equal(names.Split(' '), Complete(typed));

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private IEnumerable<string> Complete(string typed)
    {
        using var shell = _session.Create("", []);
        shell.Commands.Clear();
        return CommandCompletion.CompleteInput(typed, typed.Length, null, shell).CompletionMatches.Select(match => match.ListItemText);
    }
}

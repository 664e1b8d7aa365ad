using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>Reports as users make them, and a browser to look at them.</summary>
public sealed class ReportFiles : IDisposable
{
    private const string Hostile = "</script><img src=x onerror=document.title='hit'>";

    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<Browser> _browser = new(() => new Browser());

    /// <summary>Writes the reports.</summary>
    public ReportFiles()
    {
        using var session = new PowerShellSession(_folder.Path);
        Assert.Empty(session.Invoke("""
            $hostile = $args[0]
            $loader = New-BnDataLoader "$fixtures/digits.calibration.npz" -Key images -Mean 0.1307 -StandardDeviation 0.3081
            $stats = Get-BnModule "$fixtures/digits.scripted.pt" | Update-BnStat $loader -Iterations 9 -RecordConvergence -Destination precise.pt
            $stats | Export-BnReport measured.html
            Test-BnStat "$fixtures/digits.scripted.pt" precise.pt -PassThru | Export-BnReport verdicts.html
            # A network of a thousand layers, whose names are what a stranger may have written.
            $layers = foreach ($i in 0..999) {
                $layer = [PreciseBn.BnComparison]::new()
                $layer.GetType().GetProperty('Name').SetValue($layer, "block.$i.$hostile")
                $layer.GetType().GetProperty('Channels').SetValue($layer, 64)
                $layer.GetType().GetProperty('MeanShift').SetValue($layer, [double](($i * 37) % 1000) / 400)
                $layer.GetType().GetProperty('VarianceRatio').SetValue($layer, 1 + [double](($i * 91) % 1000) / 500)
                $layer.GetType().GetProperty('Divergence').SetValue($layer, [double]$i / 1000)
                $layer
            }
            $layers | Export-BnReport large.html -Title "Drift of $hostile"
            """, Hostile).Errors);
    }

    /// <summary>The path of a report.</summary>
    public string PathOf(string name) => _folder.File(name);

    internal Browser Browser => _browser.Value;

    /// <summary>Closes the browser and deletes the reports.</summary>
    public void Dispose()
    {
        if (_browser.IsValueCreated)
            _browser.Value.Dispose();
        _folder.Dispose();
    }
}

using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>A report says how well models do, where that was measured.</summary>
public sealed class AccuracyReportTests
{
    [Fact]
    public void Accuracy_is_at_the_top_of_the_page()
    {
        var before = new BnAccuracy { Name = "<script>alert(1)</script>", Samples = 1000, Classes = 10, Top1 = 0.921, Top1Error = 0.0085, Loss = 0.338, Data = "<b>" };
        var after = before with { Name = "new", Top1 = 0.971, Reference = before.Name, Gained = 56, Lost = 1, PValue = 0.003 };
        var metric = new BnAccuracy { Name = "other", Samples = 1, Metric = 0.25 };

        var layer = BnComparer.CompareWithPrevious(Runs.Measure(Runs.Read(Fixtures.Path("bn1d.scripted.pt")).Layers, new EnumerableBatchSource([randn(8, 4)], []))[0]);
        using var folder = new TemporaryFolder();
        var report = folder.File("report.html");

        BnReport.Write(report, [layer], [], "Title", BnReportFormat.Html, force: false, [before, after, metric]);

        var page = File.ReadAllText(report);
        Assert.DoesNotContain("<script>alert", page);
        Assert.Contains("<strong>92.10 %</strong> <span>± 0.85 % right of 1\u202F000 samples", page);
        Assert.Contains("new gets 56 samples right that", page);
        Assert.Contains("and 1 wrong that it gets right: more than chance would have it (McNemar's test, p = 0.003).", page);
        Assert.Contains("<strong>0.25</strong> <span>± –: the metric of other on 1 sample</span>", page);
        Assert.True(page.IndexOf("Accuracy", StringComparison.Ordinal) < page.IndexOf("Drift in the order", StringComparison.Ordinal));
    }
}

using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>A report says how well models do, and how far their statistics are from the data, where that was measured.</summary>
public sealed class AccuracyReportTests
{
    [Fact]
    public void Accuracy_and_agreement_are_at_the_top_of_the_page()
    {
        var before = new BnAccuracy { Name = "<script>alert(1)</script>", Samples = 1000, Classes = 10, Top1 = 0.921, Top1Error = 0.0085, Loss = 0.338, Data = "<b>" };
        var after = before with { Name = "new", Top1 = 0.971, Reference = before.Name, Gained = 56, Lost = 1, PValue = 0.003 };
        var metric = new BnAccuracy { Name = "other", Samples = 1, Metric = 0.25 };
        var agreement = new BnAgreement { Name = "<i>", Samples = 1000, Batches = 32, Classes = 10, Agreement = 0.985, AgreementError = 0.0038, Distance = 0.1772, DistanceError = 0.0024, Divergence = 0.0142, DivergenceError = 0.0022, Reference = "old", Gained = 63, Lost = 6, PValue = 1e-12 };
        var distance = new BnAgreement { Name = "masks", Samples = 1, Batches = 1, Distance = 0.5 };

        var layer = BnComparer.CompareWithPrevious(Runs.Measure(Runs.Read(Fixtures.Path("bn1d.scripted.pt")).Layers, new EnumerableBatchSource([randn(8, 4)], []))[0]);
        using var folder = new TemporaryFolder();
        var report = folder.File("report.html");

        BnReport.Write(report, [layer], [], "Title", BnReportFormat.Html, force: false, [before, after, metric, agreement, distance]);

        var page = File.ReadAllText(report);
        Assert.DoesNotContain("<script>alert", page);
        Assert.Contains("<strong>92.10 %</strong> <span>± 0.85 % right of 1\u202F000 samples", page);
        Assert.Contains("new gets 56 samples right that", page);
        Assert.Contains("and 1 wrong that it gets right: more than chance would have it (McNemar's test, p = 0.003).", page);
        Assert.Contains("<strong>0.25</strong> <span>± –: the metric of other on 1 sample</span>", page);
        Assert.Contains("<strong>98.50 %</strong> <span>± 0.38 % of 1\u202F000 samples in the same class as with the statistics of their batch, by &lt;i&gt;; distance 0.18 ± 0.002, divergence 0.014 ± 0.002</span>", page);
        Assert.Contains("&lt;i&gt; keeps the class of 63 samples that old puts into another, and changes that of 6 whose class that keeps: more than chance", page);
        Assert.Contains("<strong>0.50</strong> <span>± –: the distance of the outputs of masks from those with the statistics of each batch, on 1 sample</span>", page);
        Assert.True(page.IndexOf("Agreement with", StringComparison.Ordinal) < page.IndexOf("Drift in the order", StringComparison.Ordinal));
        Assert.True(page.IndexOf("Accuracy", StringComparison.Ordinal) < page.IndexOf("Drift in the order", StringComparison.Ordinal));
    }
}

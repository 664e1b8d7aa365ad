using PreciseBn.Batches;
using PreciseBn.Comparison;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Each thing that can be wrong with a model is found, and nothing is found with a good one.</summary>
public sealed class DiagnosisTests
{
    private static readonly BnModule Good = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers[1];

    public static TheoryData<string, FindingKind, FindingSeverity> Ailments => new()
    {
        { "new", FindingKind.NeverTrained, FindingSeverity.Error },
        { "nan", FindingKind.NonFinite, FindingSeverity.Error },
        { "negative", FindingKind.NegativeVariance, FindingSeverity.Error },
        { "dead", FindingKind.DeadChannels, FindingSeverity.Warning },
        { "far", FindingKind.FarMean, FindingSeverity.Warning },
        { "still", FindingKind.ZeroMomentum, FindingSeverity.Warning },
        { "half", FindingKind.LostRange, FindingSeverity.Warning },
        { "small half", FindingKind.LostRange, FindingSeverity.Warning },
    };

    [Theory]
    [MemberData(nameof(Ailments))]
    public void An_ailing_layer_is_found_and_named(string ailment, FindingKind kind, FindingSeverity severity)
    {
        var layer = ailment switch
        {
            "new" => Good with { Mean = new double[32], Variance = Enumerable.Repeat(1.0, 32).ToArray(), BatchesTracked = 0 },
            "nan" => Good with { Mean = [double.NaN, .. Good.Mean[1..]] },
            "negative" => Good with { Variance = [-1e-3, .. Good.Variance[1..]] },
            "dead" => Good with { Variance = [1e-12, .. Good.Variance[1..]] },
            "far" => Good with { Mean = [1e4, .. Good.Mean[1..]] },
            "still" => Good with { Momentum = 0, Training = true },
            "small half" => Good with { DType = DType.Float16, Mean = [0, .. Good.Mean[1..]], Variance = [1e-5, .. Good.Variance[1..]] },
            _ => Good with { DType = DType.Float16, Variance = [65504, .. Good.Variance[1..]] },
        };

        var finding = Assert.Single(BnExaminer.Examine(layer));

        Assert.Equal((kind, severity, layer.Name), (finding.Finding, finding.Severity, finding.Name));
        Assert.EndsWith(".", finding.Detail);
        Assert.EndsWith(".", finding.Advice);
    }

    [Fact]
    public void What_is_allowed_is_allowed_up_to_its_limit()
    {
        Assert.Equal(
            [FindingSeverity.Information, FindingSeverity.Warning, FindingSeverity.Warning, FindingSeverity.Error, FindingSeverity.Error],
            new[] { 0.1, Math.BitIncrement(0.1), 0.25, Math.BitIncrement(0.25), double.NaN }.Select(DriftSeverity.OfMeanShift));
        Assert.Equal(
            [FindingSeverity.Information, FindingSeverity.Warning, FindingSeverity.Warning, FindingSeverity.Error],
            new[] { 1.2, Math.BitIncrement(1.2), 1.5, Math.BitIncrement(1.5) }.Select(DriftSeverity.OfVarianceRatio));
    }

    [Fact]
    public void Nothing_is_found_with_good_layers() =>
        Assert.Empty(Runs.Read(Fixtures.Path("digits.scripted.pt")).Findings);

    [Fact]
    public void What_looks_like_an_ailment_and_is_none_is_not_found()
    {
        var standardised = Good with { Mean = new double[32], Variance = Enumerable.Repeat(1.0, 32).ToArray(), BatchesTracked = 2500 };
        var frozen = Good with { Momentum = 0, Training = false };
        var small = Good with { Mean = [0, .. Good.Mean[1..]], Variance = [1e-5, .. Good.Variance[1..]] };

        Assert.All([standardised, frozen, small], layer => Assert.Empty(BnExaminer.Examine(layer)));
    }

    [Fact]
    public void Untracked_layers_are_named()
    {
        var finding = Assert.Single(Runs.Read(Fixtures.Path("kinds.scripted.pt")).Findings);

        Assert.Equal((FindingKind.Untracked, "bn2d_untracked"), (finding.Finding, finding.Name));
    }

    [Fact]
    public void A_model_without_BatchNorm_is_found()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("folded.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("dict-out.scripted.pt"), path, "torch.batch_norm(", "torch.other(");

        Assert.Equal(FindingKind.NoBatchNorm, Assert.Single(Runs.Read(path).Findings).Finding);
    }

    [Fact]
    public void Stale_statistics_are_found_with_data_and_precise_ones_are_not()
    {
        using var folder = new TemporaryFolder();
        using var data = Runs.Digits();
        var path = folder.Copy("digits.scripted.pt");

        var stale = BnExaminer.Examine(Runs.Measure(Runs.Read(path).Layers, data, new())).ToArray();
        Runs.Update(path, data);
        var precise = BnExaminer.Examine(Runs.Measure(Runs.Read(path).Layers, data, new())).ToArray();

        Assert.Equal(6, stale.Count(finding => finding.Finding == FindingKind.Stale));
        Assert.Equal(6, stale.Count(finding => finding.Severity == FindingSeverity.Error));
        Assert.Empty(precise);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(double.NaN)]
    public void A_difference_that_may_be_chance_is_no_finding(double error)
    {
        using var data = Runs.Digits(take: 64);
        var stats = Runs.Measure(Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers, data, new());
        double[] Errors(BnStat stat) => Enumerable.Repeat(error, stat.Channels).ToArray();

        Assert.Empty(BnExaminer.Examine(stats.Select(stat => stat with
        {
            MeanStandardError = Errors(stat),
            LogVarianceStandardError = Errors(stat),
        }).ToArray()));
        Assert.NotEmpty(BnExaminer.Examine(stats));
    }

    [Fact]
    public void What_data_show_of_layers_is_found()
    {
        using var kinds = Runs.DataFor("kinds");
        var options = new MeasureOptions { AllowReuse = true, SkipNonFinite = true };
        FindingKind[] Kinds(string model, IBatchSource data) =>
            BnExaminer.Examine(Runs.Measure(Runs.Read(Fixtures.Path(model)).Layers, data, options)).Select(finding => finding.Finding).ToArray();

        Assert.Contains(FindingKind.NeverReached, Kinds("kinds.scripted.pt", kinds));
        Assert.Contains(FindingKind.Reused, Kinds("reused.scripted.pt", new EnumerableBatchSource([randn(4, 3, 8, 8)], [])));
        Assert.Contains(FindingKind.NonFiniteData, Kinds("dict-out.scripted.pt", new EnumerableBatchSource([randn(4, 3, 8, 8), full([4, 3, 8, 8], float.NaN)], [])));
    }
}

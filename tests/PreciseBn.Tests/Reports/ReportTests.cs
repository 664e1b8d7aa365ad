using System.Text.RegularExpressions;
using System.Xml.Linq;
using PreciseBn.Comparison;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using SkiaSharp;

namespace PreciseBn.Tests;

/// <summary>Reports hold what they were given, as text, and are written as a whole or not at all.</summary>
public sealed partial class ReportTests : IDisposable
{
    private const string Hostile = "<script>alert(1)</script>&\"'\0\u202E\uD800";

    private readonly TemporaryFolder _folder = new();

    private string Report => _folder.File("report");

    [Fact]
    public void Whatever_comes_from_files_is_text()
    {
        var finding = new BnFinding
        {
            Name = Hostile,
            Severity = FindingSeverity.Error,
            Finding = FindingKind.Stale,
            Detail = Hostile,
            Advice = Hostile,
        };

        BnReport.Write(Report, [Layer(Hostile, 1, 2)], [finding], Hostile, BnReportFormat.Html, force: false);

        var page = File.ReadAllText(Report);
        Assert.DoesNotContain("<script>alert", page);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;", page);
        Assert.DoesNotMatch("[\0\u202E]", page);
        Assert.Single(Script().Matches(page));
    }

    [Fact]
    public void Nothing_is_taken_from_elsewhere()
    {
        BnReport.Write(Report, [Layer("bn", 1, 2)], [], "Title", BnReportFormat.Html, force: false);

        var page = File.ReadAllText(Report);
        Assert.Contains("default-src 'none'", page);
        // The name of SVG is the only address.
        Assert.All(Address().Matches(page), match => Assert.Equal("http://www.w3.org/2000/svg", match.Value));
    }

    [Theory]
    [InlineData(double.NaN, double.NaN)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(1e300, 1e300)]
    [InlineData(0.0, 1.0)]
    public void Numbers_of_every_kind_are_reported_and_drawn(double shift, double ratio)
    {
        BnComparison[] layers = [Layer("first", shift, ratio), Layer("second", 0.2, 1.3), OneSided("third")];

        foreach (var format in Enum.GetValues<BnReportFormat>())
            BnReport.Write(Report, layers, [], "Title", format, force: true);

        Assert.NotEmpty(File.ReadAllBytes(Report));
    }

    [Fact]
    public void A_drawing_is_SVG_with_the_font_in_it()
    {
        BnReport.Write(Report, [Layer("block<1>.bn", 0.3, 2)], [], "Title", BnReportFormat.Svg, force: false);

        var root = XElement.Load(Report);
        Assert.Equal("svg", root.Name.LocalName);
        Assert.Contains(root.Descendants(), text => text.Value == "block<1>.bn");
        Assert.Contains("data:font/ttf;base64,", root.Value);
    }

    [Fact]
    public void A_picture_has_the_drift_in_its_colours()
    {
        BnReport.Write(Report, [Layer("bn", 0.7, 1)], [], "Title", BnReportFormat.Png, force: false);

        using var picture = SKBitmap.Decode(Report);
        Assert.Equal(2000, picture.Width);
        Assert.Equal(SKColors.White, picture.GetPixel(0, picture.Height - 1));
        Assert.Contains(picture.Pixels, pixel => pixel == new SKColor(0xC0, 0x39, 0x2B));
    }

    [Fact]
    public void A_file_that_is_there_is_kept_unless_it_may_be_replaced()
    {
        File.WriteAllText(Report, "mine");

        var failure = Assert.Throws<PreciseBnException>(() => BnReport.Write(Report, [Layer("bn", 1, 1)], [], "Title", BnReportFormat.Html, force: false));

        Assert.Equal(("DestinationExists", "mine"), (failure.ErrorId, File.ReadAllText(Report)));
        BnReport.Write(Report, [Layer("bn", 1, 1)], [], "Title", BnReportFormat.Html, force: true);
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(Report));
        Assert.Equal([Report], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(0, "NothingGiven")]
    [InlineData(2, "LayerGivenTwice")]
    public void A_report_is_of_one_model(int layers, string errorId)
    {
        var failure = Assert.Throws<PreciseBnException>(() =>
            BnReport.Write(Report, Enumerable.Repeat(Layer("bn", 1, 1), layers).ToArray(), [], "Title", BnReportFormat.Html, force: false));

        Assert.Equal(errorId, failure.ErrorId);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(0.1, 1.2, FindingSeverity.Information)]
    [InlineData(0.11, 1, FindingSeverity.Warning)]
    [InlineData(0, 1.21, FindingSeverity.Warning)]
    [InlineData(0.25, 1.5, FindingSeverity.Warning)]
    [InlineData(0.26, 1, FindingSeverity.Error)]
    [InlineData(0, 1.51, FindingSeverity.Error)]
    [InlineData(double.NaN, 1, FindingSeverity.Error)]
    public void The_worse_of_mean_and_variance_decides(double shift, double ratio, FindingSeverity expected) =>
        Assert.Equal(expected, DriftSeverity.Of(shift, ratio));

    [Fact]
    public void What_a_layer_had_before_is_what_measured_statistics_are_compared_with()
    {
        var stat = Runs.Measure(Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers, Runs.Digits(take: 64), new()).First();

        var comparison = BnComparer.CompareWithPrevious(stat);

        Assert.Equal((stat.MeanShift, stat.VarianceRatio, stat.Path), (comparison.MeanShift, comparison.VarianceRatio, comparison.Path));
        Assert.Equal(stat.PreviousMean, comparison.Reference!.Mean);
        Assert.Same(stat, comparison.Difference);
    }

    [Fact]
    public void What_was_recomputed_is_said_first_and_is_no_alarm()
    {
        var stats = Runs.Measure(Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers, Runs.Digits(take: 320), new());
        var layers = stats.Select(BnComparer.CompareWithPrevious).ToArray();

        var page = Page(layers, BnExaminer.Examine(layers).ToArray());

        Assert.Equal("good", Verdict(page).Attribute("class")!.Value["verdict ".Length..]);
        Assert.StartsWith("The stored statistics were stale in all 6 layers: by up to 0.9", Verdict(page).Value);
        Assert.Contains("Nothing else was found", page.Value);
        Assert.Contains("1600 items in batches of 32, 320 at most", page.Value);
        Assert.Contains("mean 0.1307, deviation 0.3081", page.Value);
        Assert.Equal(["bn", "body.1.bn", "body.2.bn"], page.Descendants("tr").Where(row => (string?)row.Attribute("class") == "worst").Select(row => row.Descendants("code").Single().Value).Order());
    }

    [Fact]
    public void Statistics_that_were_right_are_called_so()
    {
        var stats = Runs.Measure(Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers, Runs.Digits(take: 320), new())
            .Select(stat => stat with { PreviousMean = stat.Mean, PreviousVariance = stat.Variance });

        Assert.StartsWith("The stored statistics were those of the data", Verdict(Page(stats.Select(BnComparer.CompareWithPrevious).ToArray(), [])).Value);
    }

    [Fact]
    public void Ordered_data_skipped_batches_and_layers_that_were_not_reached_are_said_beside_it()
    {
        var stats = Runs.Measure(Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers, Runs.Digits(take: 320), new())
            .Select((stat, i) => stat with { SerialCorrelation = 0.9, SkippedBatches = 2, Batches = i == 0 ? 0 : 50 });

        var verdict = Verdict(Page(stats.Select(BnComparer.CompareWithPrevious).ToArray(), [])).Value;

        Assert.Contains("No batch reached stem.bn, which kept what it had.", verdict);
        Assert.Contains("the data had an order", verdict);
        Assert.Contains("2 batches gave NaN or infinity and were left out.", verdict);
    }

    [Fact]
    public void Of_nothing_it_is_not_said_that_it_is_good_and_NaN_is_said()
    {
        var stats = Runs.Measure(Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers, Runs.Digits(take: 320), new()).ToArray();
        string Words(IEnumerable<BnStat> given) => Verdict(Page(given.Select(BnComparer.CompareWithPrevious).ToArray(), [])).Value;

        Assert.StartsWith("Nothing was measured", Words(stats.Select(stat => stat with { Batches = 0, PreviousMean = stat.Mean, PreviousVariance = stat.Variance })));
        Assert.Contains("How far stem.bn moved cannot be said", Words(stats.Select((stat, i) => i > 0 ? stat : stat with { PreviousMean = stat.Mean.Select(_ => double.NaN).ToArray() })));
    }

    [Theory]
    [InlineData(0.5, "good", "Passed: none of 6 layers has moved further than is allowed")]
    [InlineData(0.01, "bad", "Failed: all 6 layers moved further than is allowed: body.0.bn, body.1.bn, body.2.bn and 3 more.")]
    public void A_gate_has_passed_or_failed(double meanShift, string styleClass, string words)
    {
        var before = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers;
        var after = before.Select((layer, i) => layer with { Mean = layer.Mean.Zip(layer.Variance, (mean, variance) => mean + ((0.1 + ((i * 5 % 6) * 0.05)) * Math.Sqrt(variance))).ToArray() }).ToArray();

        var page = Page(BnGate.Judge(before, after, new() { MeanShift = meanShift, Divergence = 10 }), []);

        Assert.Equal($"verdict {styleClass}", Verdict(page).Attribute("class")!.Value);
        Assert.StartsWith(words, Verdict(page).Value);
    }

    [Fact]
    public void Findings_of_one_kind_are_a_line_whose_layers_are_links()
    {
        BnFinding Finding(string name, FindingKind kind) => new() { Name = name, Severity = FindingSeverity.Warning, Finding = kind, Detail = $"Detail of {name}.", Advice = "Advice." };

        var page = Page([Layer("a", 0, 1), Layer("b", 0.2, 1)], [Finding("a", FindingKind.DeadChannels), Finding("b", FindingKind.DeadChannels), Finding("a", FindingKind.FarMean)]);

        var lines = page.Descendants("ul").Single(list => (string?)list.Attribute("class") == "findings").Elements("li").ToArray();
        Assert.Equal(["Warning Dead channels in 2 layers: a, b", "Warning Far mean in 1 layer: a"], lines.Select(line => line.Element("p")!.Value));
        Assert.Equal(["#layer-0", "#layer-1"], lines[0].Element("p")!.Elements("a").Select(link => link.Attribute("href")!.Value));
        Assert.Equal(["layer-0", "layer-1"], page.Descendants("tr").Select(row => (string?)row.Attribute("id")).OfType<string>());
        Assert.Equal(["a Detail of a.", "b Detail of b."], lines[0].Element("details")!.Descendants("li").Select(line => line.Value));
    }

    [Fact]
    public void Findings_of_another_program_are_told_apart()
    {
        var layer = Layer("bn", 0.2, 1) with { Difference = Stored with { Program = "encoder" } };
        BnFinding Finding(string name, string program) => new() { Name = name, Program = program, Severity = FindingSeverity.Warning, Finding = FindingKind.DeadChannels, Detail = "Detail.", Advice = "Advice." };

        var page = Page([layer], [Finding("bn", "encoder"), Finding("bn", "decoder"), Finding("", "decoder")]);

        var line = page.Descendants("ul").Single(list => (string?)list.Attribute("class") == "findings").Element("li")!;
        Assert.Equal("Warning Dead channels in 2 layers: bn (encoder), bn (decoder)", line.Element("p")!.Value);
        Assert.Equal("bn (encoder)", line.Element("p")!.Elements("a").Single().Value);
        Assert.Equal(" Program 'decoder': Detail.", line.Element("details")!.Descendants("li").Last().Value);
    }

    public void Dispose() => _folder.Dispose();

    private static BnModule Stored => new()
    {
        Name = "bn",
        Type = "BatchNorm2d",
        Momentum = 0.1,
        Eps = 1e-5,
        Affine = true,
        Training = false,
        BatchesTracked = 10,
        Mean = new double[8],
        Variance = Enumerable.Repeat(1.0, 8).ToArray(),
        DType = DType.Float32,
    };

    private XElement Page(IReadOnlyList<BnComparison> layers, IReadOnlyList<BnFinding> findings)
    {
        BnReport.Write(Report, layers, findings, "Title", BnReportFormat.Html, force: true);
        var page = File.ReadAllText(Report);
        var start = page.IndexOf("<body", StringComparison.Ordinal);
        return XElement.Parse(page[start..(page.IndexOf("</body>", StringComparison.Ordinal) + "</body>".Length)]);
    }

    private static XElement Verdict(XElement page) => page.Descendants("div").Single(element => $"{(string?)element.Attribute("class")}".StartsWith("verdict", StringComparison.Ordinal));

    private static BnComparison Layer(string name, double shift, double ratio) => new()
    {
        Name = name,
        Channels = 8,
        Presence = Presence.Both,
        MeanShift = shift,
        VarianceRatio = ratio,
        Divergence = shift,
        MaxDivergence = shift,
        WorstChannel = 3,
    };

    private static BnComparison OneSided(string name) => new() { Name = name, Channels = 8, Presence = Presence.ReferenceOnly };

    [GeneratedRegex("<script")]
    private static partial Regex Script();

    [GeneratedRegex("https?://[^\"<\\s]+")]
    private static partial Regex Address();
}

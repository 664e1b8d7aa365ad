using System.Globalization;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>What is written for others to read does not depend on how this user's culture writes numbers and times.</summary>
public sealed class CultureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CultureInfo _before = CultureInfo.CurrentCulture;
    private readonly string _model;

    public CultureTests() => _model = _folder.Copy("digits.scripted.pt", "model.pt");

    [Fact]
    public void A_measurement_that_was_begun_in_one_culture_goes_on_in_another()
    {
        var data = Runs.Digits(batchSize: 16, take: 64);
        var options = new ShardOptions { Checkpoint = _folder.File("part.safetensors"), Tolerance = 0.25 };
        var first = Shards.Measure(_model, data, "1/1", options);
        UseOtherCulture();

        Assert.Equivalent(first, Shards.Measure(_model, data, "1/1", options), strict: true);
    }

    [Fact]
    public void Files_tell_the_time_as_ISO_8601()
    {
        UseOtherCulture();
        BnStatFile.Write(_folder.File("s.safetensors"), Runs.Read(_model).Layers, force: false);

        using var file = SourceFile.Open(_folder.File("s.safetensors"));
        Assert.Matches(@"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$", SafetensorsHeader.Read(file).Metadata["precise_bn.created"]);
    }

    [Fact]
    public void Findings_and_reasons_have_decimal_points()
    {
        UseOtherCulture();
        var layers = Runs.Read(_model).Layers;
        var measured = Runs.Measure(layers, Runs.Digits(batchSize: 32, take: 640), new());

        Assert.Matches(@"up to \d\.\d\d standard deviations in the mean and a factor of \d\.\d\d ", BnExaminer.Examine(measured).Single(finding => finding.Name == "bn" && finding.Finding == FindingKind.Stale).Detail);
        Assert.EndsWith("above 0.25.", BnGate.Judge(layers, measured, new()).Single(verdict => verdict.Name == "bn").Reason);
    }

    public void Dispose()
    {
        CultureInfo.CurrentCulture = _before;
        _folder.Dispose();
    }

    private static void UseOtherCulture()
    {
        var culture = new CultureInfo("");
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.DateTimeFormat.TimeSeparator = ".";
        CultureInfo.CurrentCulture = culture;
    }
}

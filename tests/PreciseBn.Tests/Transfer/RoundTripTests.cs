using System.Text.Json;
using System.Text.Json.Serialization;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Files keep all that objects say: a property that is added one day and forgotten there is found here.</summary>
public sealed class RoundTripTests : IDisposable
{
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Of_partial_statistics()
    {
        using var data = Runs.Digits(take: 64);
        var partials = Shards.Measure(Fixtures.Path("digits.scripted.pt"), data, "1/2").Select(partial => partial with
        {
            Aliases = [$"{partial.Name}.other"],
            TotalBatches = partial.TotalBatches + 1,
            SkippedBatches = 1,
            ItemsLeftOut = 3,
            StoppedBy = StopReason.Tolerance,
            Estimators = [Estimator.MeanOfBatchVariance],
            Call = "encode(scale=2)",
            AllowsTf32 = true,
            Iterations = 12,
            Tolerance = 1e-3,
            Program = "encoder",
        }).ToArray();
        var path = _folder.File("part.safetensors");

        BnPartialFile.Write(path, partials, force: false);

        AssertSame(partials, BnPartialFile.Read(path));
    }

    [Fact]
    public void Of_statistics()
    {
        using var data = Runs.Digits(take: 640);
        using var model = BnModel.Open(Fixtures.Path("digits.scripted.pt"));
        var stats = model.Measure(data, new() { RecordConvergence = true, Estimators = [Estimator.MeanOfBatchVariance] }).Statistics.Select(stat => stat with
        {
            Aliases = [$"{stat.Name}.other"],
            SkippedBatches = 1,
            ItemsLeftOut = 3,
            SerialCorrelation = 0.25,
            StoppedBy = StopReason.Tolerance,
            Path = model.Path,
            Program = "encoder",
            ContentSha256 = new string('a', 64),
            Command = "Update-BnStat -Data digits.npz",
        }).ToArray();
        var path = _folder.File("stats.safetensors");

        BnStatFile.Write(path, stats, force: false);

        AssertSame(stats, BnStatFile.Read(path).Cast<BnStat>().ToArray());
    }

    [Fact]
    public void Of_layers()
    {
        using var model = BnModel.Open(Fixtures.Path("digits.scripted.pt"));
        var layers = model.Layers.Select(layer => layer with
        {
            Aliases = [$"{layer.Name}.other"],
            Training = true,
            DType = DType.BFloat16,
            IsStale = true,
            Program = "encoder",
        }).ToArray();
        var path = _folder.File("layers.safetensors");

        BnStatFile.Write(path, layers, force: false);

        AssertSame(layers, BnStatFile.Read(path).Cast<BnModule>().ToArray());
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertSame<T>(IReadOnlyList<T> expected, IReadOnlyList<T> actual)
    {
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Count, actual.Count);
        foreach (var property in typeof(T).GetProperties().Where(property => property.CanWrite))
        {
            string Text(T item) => JsonSerializer.Serialize(property.GetValue(item), Json);
            Assert.True(expected.Any(item => Text(item) is not ("null" or "0" or "false" or "[]")), $"{property.Name} should say something");
            Assert.Equal(expected.Select(Text), actual.Select(Text));
        }
    }
}

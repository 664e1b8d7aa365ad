using System.Text.Json;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>
/// Models as people have them (tests/fixtures/cases): in every form in which they are saved, the statistics are those that
/// PyTorch finds in float64, or one message says why not.
/// </summary>
public sealed class CaseTests
{
    // Those that compute in half precision themselves.
    private static readonly HashSet<string> Coarse = ["autocast"];

    // A checkpoint has no code; the rest cannot run.
    private static readonly HashSet<string> Excepted =
    [
        "alias/module-2.6.pt", "autocast/script_eval-2.6.pt", "frozen/opt-inference-2.6.pt",
    ];

    public static TheoryData<string> Forms => new(
        Directory.EnumerateFiles(Fixtures.Path("cases"), "*.pt*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Fixtures.Path("cases"), path).Replace('\\', '/'))
            .Where(form => !form.StartsWith("edges/", StringComparison.Ordinal) && !form.EndsWith(".pth", StringComparison.Ordinal)
                && !Excepted.Contains(form)).Order());

    [Theory]
    [MemberData(nameof(Forms))]
    public void Statistics_are_those_of_PyTorch_in_float64(string form)
    {
        var folder = Path.GetDirectoryName(form)!;
        // The trace in training mode has moved the statistics that other readers see.
        var truth = form == "qat-eager/trace_train-2.6.pt" ? $"cases/{folder}/expected-trace_train-2.6.json" : $"cases/{folder}/expected-2.6.json";
        using var expected = Expected.Read(truth);
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path(truth)));
        var keys = json.RootElement.GetProperty("names") is { ValueKind: JsonValueKind.Array } names
            ? names.EnumerateArray().Select(name => name.GetString()!).ToArray() : null;
        var data = BnDataLoader.FromFiles([Fixtures.Path($"cases/{folder}/batches.npz")], new() { AsBatches = true, Keys = keys ?? [], KeepIntegers = true });
        var path = Fixtures.Path($"cases/{form}");

        var arguments = folder == "float-input" ? new Dictionary<string, object?> { ["t"] = 2.0 } : [];

        var stats = Runs.Measure(Runs.Read(path).Layers, data, new() { Arguments = arguments });

        Assert.Equal(expected.ExactLayers.Length, stats.Count(stat => stat.Batches > 0));
        var tolerance = Coarse.Contains(folder) ? 1e-3 : 1e-5;
        foreach (var layer in expected.ExactLayers)
        {
            var (mean, variance) = expected.Exact(layer);
            Assert.Contains(stats, stat => IsClose(mean, stat.Mean, variance, tolerance) && IsClose(variance, stat.Variance, variance, tolerance));
        }
    }

    [Theory]
    [InlineData("autocast/script_eval-2.6.pt", "AutocastInScript")]
    [InlineData("frozen/opt-inference-2.6.pt", "OptimizedForInference")]
    public void What_libtorch_cannot_run_is_refused_by_its_name(string form, string error)
    {
        var data = BnDataLoader.FromFiles([Fixtures.Path($"cases/{Path.GetDirectoryName(form)}/batches.npz")], new() { AsBatches = true });

        Assert.Equal(error, Assert.Throws<PreciseBnException>(() => Runs.Measure(Runs.Read(Fixtures.Path($"cases/{form}")).Layers, data, new())).ErrorId);
    }

    private static bool IsClose(double[] expected, double[] actual, double[] variance, double tolerance) => expected.Length == actual.Length
        && Enumerable.Range(0, expected.Length).All(i => Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(Math.Abs(expected[i]), Math.Sqrt(variance[i])));
}

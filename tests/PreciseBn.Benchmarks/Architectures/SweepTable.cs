using System.Text.Json;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Benchmarks.Architectures;

/// <summary>
/// Many architectures in all forms that PyTorch saves them in, one after the other: whether each BatchNorm is found and recomputed as PyTorch
/// sees it, and whether the file has it then.
/// </summary>
internal static class SweepTable
{
    private const string Program = "sweep.py";
    private const double Tolerance = 1e-5;
    private const double Eps = 1e-5;

    public static MarkdownTable Make(Options options)
    {
        var table = new MarkdownTable("architecture", "layers", "forms", "largest difference", "rounding of float32", "remarks");
        foreach (var name in Python.RunProgram(Program, "list").EnumerateArray().Select(item => item.GetString()!).Where(options.Times))
        {
            using var folder = new TemporaryFolder();
            Python.RunProgram(Program, folder.Path, name);
            using var expected = JsonDocument.Parse(File.ReadAllText(folder.File("expected.json")));
            table.Add([name, .. Check(folder, expected.RootElement)]);
        }
        return table;
    }

    private static string[] Check(TemporaryFolder folder, JsonElement expected)
    {
        var layers = expected.GetProperty("layers").EnumerateObject().ToArray();
        var files = Directory.EnumerateFiles(folder.Path, "*.pt*").Order().ToArray();
        var results = files.Select(file => Check(file, folder.File("batches.npz"), expected)).ToArray();
        var remarks = results.Zip(files, (result, file) => result.Remark.Length == 0 ? "" : $"{Path.GetFileNameWithoutExtension(file)}: {result.Remark}")
            .Concat(expected.GetProperty("refused").EnumerateObject().Select(form => $"{form.Name.Split('.')[0]}: not by PyTorch"))
            .Where(remark => remark.Length > 0);
        return
        [
            $"{layers.Length}", $"{files.Length}", layers.Length == 0 ? "" : $"{results.Max(result => result.Difference):0.0e+0}",
            layers.Length == 0 ? "" : $"{RoundingOf(expected):0.0e+0}", string.Join("; ", remarks),
        ];
    }

    private static (double Difference, string Remark) Check(string path, string batches, JsonElement expected)
    {
        var layers = expected.GetProperty("layers").EnumerateObject().ToArray();
        try
        {
            var reading = Runs.Read(path);
            if (layers.Length == 0)
                return (0, reading.Layers.Count == 0 && reading.Findings.Count > 0 ? "" : "WRONG: layers where there are none");
            using var data = BnDataLoader.FromFiles([batches], new() { AsBatches = true });
            var isReused = layers.Any(layer => layer.Value.GetProperty("calls").GetInt32() > data.BatchCount);
            using var model = BnModel.Open(path);
            var unaccounted = model.UnaccountedCalls.Count;
            var measured = model.Update(data, new() { AllowReuse = isReused }, new() { Force = true }).Statistics.Where(stat => stat.Batches > 0).ToList();
            var written = Runs.Read(path).Layers.ToDictionary(layer => layer.Name);
            var remarks = new List<string>();
            if (measured.Count != layers.Length)
                remarks.Add($"WRONG: {measured.Count} layers");
            if (unaccounted > 0)
                remarks.Add($"WRONG: {unaccounted} calls unaccounted for");
            var worst = 0.0;
            foreach (var layer in layers)
            {
                var stat = Find(measured, layer);
                var difference = stat is null || stat.Count != layer.Value.GetProperty("count").GetInt64() ? double.NaN
                    : Math.Max(Distance(layer, stat.Mean, stat.Variance), Distance(layer, written[stat.Name].Mean, written[stat.Name].Variance));
                // Two runs in float32 may each be so far from the truth.
                if (!(difference <= Math.Max(Tolerance, 2 * RoundingOf(expected))))
                    remarks.Add($"WRONG: {layer.Name} {difference:0.0e+0}");
                worst = Math.Max(worst, difference);
            }
            return (worst, string.Join(", ", remarks.Take(3)));
        }
        catch (PreciseBnException e)
        {
            return (double.NaN, $"{e.ErrorId}: {e.Message}");
        }
    }

    private static double RoundingOf(JsonElement expected) =>
        expected.GetProperty("rounding").EnumerateObject().Select(layer => layer.Value.GetDouble()).DefaultIfEmpty(0).Max();

    // The constants of a frozen model have lost their names.
    private static BnStat? Find(List<BnStat> measured, JsonProperty layer)
    {
        var found = measured.Find(stat => stat.Name == layer.Name || stat.Aliases.Contains(layer.Name))
            ?? measured.Where(stat => stat.Name.Contains("batch_norm_", StringComparison.Ordinal) && stat.Count == layer.Value.GetProperty("count").GetInt64())
                .MinBy(stat => Distance(layer, stat.Mean, stat.Variance));
        if (found is not null)
            measured.Remove(found);
        return found;
    }

    private static double Distance(JsonProperty layer, IReadOnlyList<double> means, IReadOnlyList<double> variances)
    {
        var (mean, variance) = (Numbers(layer, "mean"), Numbers(layer, "var"));
        return mean.Length != means.Count ? double.PositiveInfinity : Enumerable.Range(0, mean.Length).Max(channel => Math.Max(
            Math.Abs(mean[channel] - means[channel]) / Math.Sqrt(variance[channel] + Eps),
            Math.Abs(variance[channel] - variances[channel]) / (variance[channel] + Eps)));
    }

    private static double[] Numbers(JsonProperty layer, string name) => layer.Value.GetProperty(name).EnumerateArray().Select(value => value.GetDouble()).ToArray();
}

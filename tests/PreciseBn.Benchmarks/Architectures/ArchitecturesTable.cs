using System.Diagnostics;
using System.Text.Json;
using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Architectures;

/// <summary>Architectures of torchvision as exported programs, beside the same models in TorchScript, taking turns.</summary>
internal static class ArchitecturesTable
{
    private const int Seed = 1;
    private const int DefaultIterations = 30;

    public static MarkdownTable Make(Options options)
    {
        set_num_threads(options.Threads);
        var iterations = options.Iterations(DefaultIterations);
        var table = new MarkdownTable("architecture", "batch", "layers", "largest difference", "time for a batch / TorchScript's");
        using var shapes = JsonDocument.Parse(File.ReadAllText(Path.Combine(options.Models, "architectures.json")));
        foreach (var architecture in shapes.RootElement.EnumerateObject().Where(item => options.Times(item.Name)))
        {
            using var scope = NewDisposeScope();
            var shape = architecture.Value.EnumerateArray().Select(size => size.GetInt64()).ToArray();
            using var generator = new Generator(Seed);
            var batch = randn(shape, generator: generator);
            var path = Path.Combine(options.Models, architecture.Name);
            var runs = Enumerable.Range(0, 1 + options.Repetitions).Select(_ => (
                Script: Run(path + ".pt", batch, iterations), Program: Run(path + ".pt2", batch, iterations))).ToArray();
            table.Add(architecture.Name, string.Join('×', shape), $"{runs[0].Program.Statistics.Count}",
                $"{Difference(runs[0].Program.Statistics, runs[0].Script.Statistics):0.0e+0}",
                $"{Median.Of(runs.Skip(1).Select(run => run.Program.Seconds)) / Median.Of(runs.Skip(1).Select(run => run.Script.Seconds)):0.00}");
        }
        return table;
    }

    private static (IReadOnlyList<BnStat> Statistics, double Seconds) Run(string path, Tensor batch, int iterations)
    {
        var clock = new Stopwatch();
        var data = new EnumerableBatchSource(Batches(), []);
        var statistics = Runs.Measure(Runs.Read(path).Layers, data, new() { Iterations = iterations });
        return (statistics, clock.Elapsed.TotalSeconds);

        IEnumerable<Tensor> Batches()
        {
            // The first passes compile the model; the time of later ones is that of a batch.
            const int WarmUp = 10;
            for (var i = 0; i < iterations; i++)
            {
                if (i == WarmUp)
                    clock.Start();
                yield return batch;
            }
        }
    }

    // Of means in deviations, of variances relative.
    private static double Difference(IEnumerable<BnStat> statistics, IEnumerable<BnStat> reference)
    {
        var byName = reference.ToDictionary(layer => layer.Name);
        return statistics.Max(layer => Enumerable.Range(0, layer.Channels).Max(channel => Math.Max(
            Math.Abs(layer.Mean[channel] - byName[layer.Name].Mean[channel]) / Math.Sqrt(byName[layer.Name].Variance[channel]),
            Math.Abs(layer.Variance[channel] - byName[layer.Name].Variance[channel]) / byName[layer.Name].Variance[channel])));
    }
}

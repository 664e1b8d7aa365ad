using System.Diagnostics;
using System.Text.Json;
using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Architectures;

/// <summary>
/// What exact statistics cost, beside the usual ones of the same program: an exported program runs segment by segment, and the same model in
/// TorchScript in passes over the data. All batches are different, and loading the model is in the times.
/// </summary>
internal static class ExactTable
{
    private const int Seed = 1;
    private const int DefaultIterations = 20;

    public static MarkdownTable Make(Options options)
    {
        var table = new MarkdownTable("architecture", "batches", "segments", "kept, MB", "usual, s", "exact in segments / usual", "from a file", "exact in passes / usual");
        using var shapes = JsonDocument.Parse(File.ReadAllText(Path.Combine(options.Models, "architectures.json")));
        foreach (var architecture in shapes.RootElement.EnumerateObject().Where(item => options.Times(item.Name)))
        {
            using var scope = NewDisposeScope();
            var shape = architecture.Value.EnumerateArray().Select(size => size.GetInt64()).ToArray();
            using var generator = new Generator(Seed);
            var batches = Enumerable.Range(0, options.Iterations(DefaultIterations)).Select(_ => randn(shape, generator: generator)).ToArray();
            var (script, program) = (Path.Combine(options.Models, architecture.Name + ".pt"), Path.Combine(options.Models, architecture.Name + ".pt2"));
            MeasureProgress plan = default;
            var rounds = Enumerable.Range(0, 1 + options.Repetitions).Select(_ => (
                Usual: Run(program, new()), Segments: Run(program, new() { Exact = true }), FromFile: Run(program, new() { Exact = true, ActivationMemory = 0 }),
                Passes: Run(script, new() { Exact = true }))).Skip(1).ToArray();
            table.Add(architecture.Name, $"{batches.Length} of {string.Join('×', shape)}", $"{plan.Passes}", $"{plan.Kept?.Bytes / 1e6:0}",
                $"{Median.Of(rounds.Select(round => round.Usual)):0.00}",
                Ratio(round => round.Segments), Ratio(round => round.FromFile), Ratio(round => round.Passes));

            string Ratio(Func<(double Usual, double Segments, double FromFile, double Passes), double> time) =>
                $"{Median.Of(rounds.Select(round => time(round) / round.Usual)):0.00}";

            double Run(string path, MeasureOptions how)
            {
                var clock = Stopwatch.StartNew();
                Runs.Measure(Runs.Read(path).Layers, new EnumerableBatchSource(batches, []), how with { Threads = options.Threads },
                    new Recorder(progress => plan = progress.Kept is null ? plan : progress));
                return clock.Elapsed.TotalSeconds;
            }
        }
        return table;
    }
}

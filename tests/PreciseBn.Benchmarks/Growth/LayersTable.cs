using PreciseBn.Benchmarks.Speed;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Growth;

/// <summary>
/// Time for a batch against the number of layers, in models that are nothing but small BatchNorm layers: a straight line. The
/// first batches, in which libtorch compiles the model, stand apart.
/// </summary>
internal static class LayersTable
{
    private static readonly int[] Layers = [10, 30, 100, 300, 1000];
    private static readonly long[] Shape = [32, 8];

    public static MarkdownTable Make(Options options)
    {
        set_num_threads(options.Threads);
        var table = new MarkdownTable("layers", "forward, ms", "this module, ms", "difference, µs a layer",
            "forward, first 3 batches, s", "this module, first 3 batches, s");
        foreach (var layers in Layers)
        {
            using var scope = NewDisposeScope();
            var model = new TimedModel($"chain-{layers}", Path.Combine(options.Models, $"chain-{layers}.pt"), Shape, Iterations: 200);
            var batches = model.DrawBatches().unbind();
            var forward = Run(new BareForward(model.Path, batches), model, options);
            var module = Run(new ThisModule(model.Path, batches), model, options);
            table.Add($"{layers}", $"{1000 * forward.Later:0.00}", $"{1000 * module.Later:0.00}",
                $"{1e6 * (module.Later - forward.Later) / layers:0.0}", $"{forward.Start:0.00}", $"{module.Start:0.00}");
        }
        return table;
    }

    private static (double Start, double Later) Run(IContestant contestant, TimedModel model, Options options)
    {
        var runs = Enumerable.Range(0, options.Repetitions).Select(_ => contestant.Run(options.Iterations(model.Iterations), new BatchClock())).ToArray();
        return (Median.Of(runs.Select(run => run.Start)), Median.Of(runs.Select(run => run.Later)));
    }
}

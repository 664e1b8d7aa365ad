using PreciseBn.Benchmarks.Speed;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Growth;

/// <summary>Time against the number of batches, with the digits network: a straight line.</summary>
internal static class IterationsTable
{
    private static readonly int[] Iterations = [25, 50, 100, 200, 400, 800];

    public static MarkdownTable Make(Options options)
    {
        set_num_threads(options.Threads);
        using var scope = NewDisposeScope();
        var module = new ThisModule(TimedModel.Digits.Path, TimedModel.Digits.DrawBatches().unbind());
        module.Run(Iterations[0], new BatchClock());
        var table = new MarkdownTable("iterations", "seconds", "ms a batch");
        foreach (var iterations in Iterations)
        {
            var seconds = Median.Of(Enumerable.Range(0, options.Repetitions).Select(_ => module.Run(iterations, new BatchClock()).Whole));
            table.Add($"{iterations}", $"{seconds:0.000}", $"{1000 * seconds / iterations:0.00}");
        }
        return table;
    }
}

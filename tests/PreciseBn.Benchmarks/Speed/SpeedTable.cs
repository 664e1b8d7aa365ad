using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>Time for a batch: this module beside the forward pass alone, a plain port, and fvcore, taking turns.</summary>
internal static class SpeedTable
{
    public static MarkdownTable Make(Options options)
    {
        set_num_threads(options.Threads);
        var table = new MarkdownTable("model", "forward, ms", "this module, ms", "plain port, ms", "fvcore, ms",
            "module / forward", "module / port", "module / fvcore", "module / fvcore, whole run",
            "channels last: forward, ms", "this module, ms", "module / forward", "module / fvcore");
        foreach (var model in TimedModel.All(options.Models).Where(model => options.Only is null || options.Only == model.Name))
        {
            using var scope = NewDisposeScope();
            var batches = model.DrawBatches();
            var parts = batches.unbind();
            using var fvCore = new FvCore(model, batches, options);
            var rounds = TakeTurns(options.Repetitions, options.Iterations(model.Iterations),
                [new BareForward(model.Path, parts), new ThisModule(model.Path, parts), new PlainPort(model.Path, parts), fvCore,
                    new BareForward(model.Path, parts, MemoryFormat.ChannelsLast), new ThisModule(model.Path, parts, MemoryFormat.ChannelsLast)]);
            double Later(int contestant) => Median.Of(rounds.Select(round => round[contestant].Later));
            double Whole(int contestant) => Median.Of(rounds.Select(round => round[contestant].Whole));
            table.Add($"{model.Name} {string.Join('×', model.Shape)}",
                Milliseconds(Later(0)), Milliseconds(Later(1)), Milliseconds(Later(2)), Milliseconds(Later(3)),
                Ratio(Later(1) / Later(0)), Ratio(Later(1) / Later(2)), Ratio(Later(1) / Later(3)), Ratio(Whole(1) / Whole(3)),
                Milliseconds(Later(4)), Milliseconds(Later(5)), Ratio(Later(5) / Later(4)), Ratio(Later(5) / Later(3)));
        }
        return table;
    }

    // After a first round that counts for nothing.
    private static RunTimes[][] TakeTurns(int rounds, int iterations, IContestant[] contestants) => Enumerable.Range(0, 1 + rounds)
        .Select(_ => contestants.Select(contestant => contestant.Run(iterations)).ToArray()).Skip(1).ToArray();

    private static string Milliseconds(double seconds) => $"{1000 * seconds:0.00}";

    private static string Ratio(double ratio) => $"{ratio:0.00}";
}

using System.Text.Json;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>The other side of <see cref="Contestant"/>, for what runs in .NET.</summary>
internal static class ContestantServer
{
    public static void Serve(Options options)
    {
        set_num_threads(options.Threads);
        while (Console.ReadLine() is { } line)
        {
            using var scope = NewDisposeScope();
            var request = JsonDocument.Parse(line).RootElement;
            var shape = request.GetProperty("shape").Deserialize<long[]>()!;
            var model = TimedModel.All(options.Models).Single(model => model.Path == request.GetProperty("path").GetString() && model.BatchesShape.SequenceEqual(shape));
            var contestant = Create(options.Contestant, model.Path, model.DrawBatches().unbind());
            Tell(new { });
            Console.ReadLine();
            var told = 0;
            var times = contestant.Run(request.GetProperty("iterations").GetInt32(), new BatchClock(seconds =>
            {
                told += seconds.Count;
                Tell(new { seconds });
                Console.ReadLine();
            }));
            Tell(new { seconds = times.Batches.Skip(told), end = times.End });
        }
    }

    private static IContestant Create(string name, string path, Tensor[] batches) => name switch
    {
        "forward" => new BareForward(path, batches),
        "module" => new ThisModule(path, batches),
        "module-contiguous" => new ThisModule(path, batches, MemoryFormat.Contiguous),
        "port" => new PlainPort(path, batches),
        "forward-channels-last" or SpeedTable.Retained => new BareForward(path, batches, MemoryFormat.ChannelsLast),
        _ => throw new ArgumentException($"There is no contestant '{name}'."),
    };

    private static void Tell(object answer) => Console.WriteLine(JsonSerializer.Serialize(answer));
}

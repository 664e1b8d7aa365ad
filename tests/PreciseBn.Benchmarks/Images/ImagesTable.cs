using System.Diagnostics;
using PreciseBn.Data;
using PreciseBn.Tests.Support;

namespace PreciseBn.Benchmarks.Images;

/// <summary>
/// JPEG files decoded, resized, cropped and normalised: New-BnDataLoader beside torchvision's ImageFolder with a DataLoader of as
/// many workers, taking turns.
/// </summary>
internal static class ImagesTable
{
    private const int BatchSize = 32;

    public static MarkdownTable Make(Options options)
    {
        using var folder = new TemporaryFolder();
        JpegFolder.Fill(folder.Path, options.Images);
        var rounds = Enumerable.Range(0, 1 + options.Repetitions)
            .Select(_ => (Module: Read(folder.Path, options), Peer: ReadInPython(folder.Path, options))).Skip(1).ToArray();
        var table = new MarkdownTable("loader", "images a second", "images a second of processor time");
        AddRow(table, "`New-BnDataLoader`", options.Images, rounds.Select(round => round.Module));
        AddRow(table, "`ImageFolder` and `DataLoader`", options.Images, rounds.Select(round => round.Peer));
        return table;
    }

    private static (double Seconds, double Processor) Read(string folder, Options options)
    {
        using var loader = BnDataLoader.FromFiles([folder], new()
        {
            Order = DataOrder.Sequential,
            BatchSize = BatchSize,
            Size = 256,
            CropSize = 224,
            Mean = [0.485, 0.456, 0.406],
            StandardDeviation = [0.229, 0.224, 0.225],
            Workers = options.Threads,
        });
        using var process = Process.GetCurrentProcess();
        var processor = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        foreach (var batch in loader.Read())
            batch.Dispose();
        process.Refresh();
        return (clock.Elapsed.TotalSeconds, (process.TotalProcessorTime - processor).TotalSeconds);
    }

    private static (double Seconds, double Processor) ReadInPython(string folder, Options options)
    {
        var answer = Python.Run("images", folder, $"{options.Threads}", $"{BatchSize}");
        return (answer.GetProperty("seconds").GetDouble(), answer.GetProperty("processor").GetDouble());
    }

    private static void AddRow(MarkdownTable table, string loader, int images, IEnumerable<(double Seconds, double Processor)> rounds) =>
        table.Add(loader, $"{images / Median.Of(rounds.Select(round => round.Seconds)):0}", $"{images / Median.Of(rounds.Select(round => round.Processor)):0}");
}

using System.Globalization;
using PreciseBn.Benchmarks;
using PreciseBn.Benchmarks.Architectures;
using PreciseBn.Benchmarks.Growth;
using PreciseBn.Benchmarks.Images;
using PreciseBn.Benchmarks.Precision;
using PreciseBn.Benchmarks.Processes;
using PreciseBn.Benchmarks.Speed;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

if (args is ["serve", .. var options])
{
    ContestantServer.Serve(new Options(options));
    return 0;
}
var verbs = new Dictionary<string, Func<Options, MarkdownTable>>
{
    ["precision"] = _ => PrecisionTable.Make(),
    ["memory-format"] = _ => MemoryFormatTable.Make(),
    ["batch-size"] = _ => BatchSizeTable.Make(),
    ["speed"] = SpeedTable.Make,
    ["iterations"] = IterationsTable.Make,
    ["layers"] = LayersTable.Make,
    ["sizes"] = SizesTable.Make,
    ["processes"] = ProcessesTable.Make,
    ["images"] = ImagesTable.Make,
    ["architectures"] = ArchitecturesTable.Make,
    ["exact"] = ExactTable.Make,
    ["sweep"] = SweepTable.Make,
};
if (args.Length == 0 || !verbs.TryGetValue(args[0], out var make))
{
    Console.Error.WriteLine($"Usage: PreciseBn.Benchmarks {string.Join(" | ", verbs.Keys)} [--option value]...; see RESULTS.md");
    return 64;
}
try
{
    make(new Options(args[1..])).WriteTo(Console.Out);
    return 0;
}
catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

using System.Diagnostics;
using PreciseBn.Tests.Support;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>
/// Time for a batch: this module beside the forward pass alone, a plain port, and fvcore. They take turns, a batch or some each,
/// in processes of their own, so that what else the machine does meets all alike.
/// </summary>
internal static class SpeedTable
{
    /// <summary>The forward pass with the channels last, where freed memory stays with the process as it does for this module.</summary>
    public const string Retained = "forward-channels-last-retained";

    private const string FvCore = "fvcore";

    private static readonly string[] Names = ["forward", "forward-channels-last", Retained, "module", "module-contiguous", "port"];

    // mallopt(3): what RetainedHeap sets.
    private static readonly Dictionary<string, string> RetainedHeap = new()
    {
        ["MALLOC_MMAP_THRESHOLD_"] = $"{32 << 20}",
        ["MALLOC_TRIM_THRESHOLD_"] = "-1",
        ["MALLOC_TOP_PAD_"] = $"{64 << 20}",
    };

    public static MarkdownTable Make(Options options)
    {
        var table = new MarkdownTable("model", "fvcore, ms", "plain port, ms", "this module, ms", "module / fvcore", "module / fvcore, whole run",
            "module / port", "contiguous: module / fvcore", "forward, ms", "channels last: forward, ms", "module / forward",
            "module / forward with its allocator");
        var hasFvCore = Python.HasFvCore(options.FvCore);
        if (!hasFvCore)
            Console.Error.WriteLine("fvcore is left out, as Python does not have it; PRECISEBN_PYTHON and --fvcore name where it is.");
        foreach (var model in TimedModel.All(options.Models).Where(model => File.Exists(model.Path) && options.Times(model.Name)))
        {
            var rounds = Run(model, options, hasFvCore);
            string Time(string name) => Has(name) ? $"{1000 * Median.Of(rounds.Select(round => round[name].Later)):0.00}" : "";
            string Ratio(string name, string to) => Has(to) ? RatioOf(rounds.Select(round => round[name].Later / round[to].Later)) : "";
            string WholeRatio(string name, string to) => Has(to) ? RatioOf(rounds.Select(round => round[name].Whole / round[to].Whole)) : "";
            bool Has(string name) => rounds[0].ContainsKey(name);
            table.Add($"{model.Name} {string.Join('×', model.Shape)}",
                Time(FvCore), Time("port"), Time("module"), Ratio("module", FvCore), WholeRatio("module", FvCore), Ratio("module", "port"),
                Ratio("module-contiguous", FvCore), Time("forward"), Time("forward-channels-last"), Ratio("module", "forward-channels-last"),
                Ratio("module", Retained));
        }
        return table;
    }

    private static Dictionary<string, RunTimes>[] Run(TimedModel model, Options options, bool hasFvCore)
    {
        using var folder = new TemporaryFolder();
        var batchFile = folder.File("batches");
        using (var batches = model.DrawBatches())
            File.WriteAllBytes(batchFile, batches.bytes.ToArray());
        var request = new
        {
            model = model.Name,
            path = model.Path,
            batches = batchFile,
            shape = model.BatchesShape,
            threads = options.Threads,
            iterations = options.Iterations(model.Iterations),
        };
        var contestants = new Dictionary<string, Contestant>();
        try
        {
            foreach (var name in Names)
                contestants[name] = new Contestant(Server(name, options));
            if (hasFvCore)
                contestants[FvCore] = new Contestant(Python.Command("serve", options.FvCore));
            // The first round counts for nothing.
            return Enumerable.Range(0, 1 + options.Repetitions).Select(round => TakeTurns(contestants, request, round)).Skip(1).ToArray();
        }
        finally
        {
            foreach (var contestant in contestants.Values)
                contestant.Dispose();
        }
    }

    // Each round begins with another, and loads the models to other places in memory.
    private static Dictionary<string, RunTimes> TakeTurns(Dictionary<string, Contestant> contestants, object request, int round)
    {
        foreach (var contestant in contestants.Values)
            contestant.Prepare(request);
        var first = round % contestants.Count;
        var waiting = contestants.Skip(first).Concat(contestants.Take(first)).ToList();
        var times = new Dictionary<string, RunTimes>();
        while (waiting.Count > 0)
        {
            foreach (var (name, contestant) in waiting.ToArray())
            {
                if (contestant.TakeTurn() is not { } run)
                    continue;
                times[name] = run;
                waiting.RemoveAll(item => item.Key == name);
            }
        }
        return times;
    }

    private static ProcessStartInfo Server(string name, Options options)
    {
        string[] arguments = ["serve", "--contestant", name, "--models", options.Models, "--threads", $"{options.Threads}"];
        var start = new ProcessStartInfo(Environment.ProcessPath!, IsDotnet ? [typeof(SpeedTable).Assembly.Location, .. arguments] : arguments);
        foreach (var (variable, value) in name == Retained ? RetainedHeap : [])
            start.Environment[variable] = value;
        return start;
    }

    // Started as a file of its own, the program is not named to dotnet.
    private static bool IsDotnet => System.IO.Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";

    // The median of the rounds, and the least and the greatest.
    private static string RatioOf(IEnumerable<double> ratios)
    {
        var all = ratios.ToArray();
        return $"{Median.Of(all):0.00} ({all.Min():0.00}–{all.Max():0.00})";
    }
}

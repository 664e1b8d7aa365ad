using PreciseBn.Tests.Support;

namespace PreciseBn.Benchmarks.Growth;

/// <summary>
/// Time to read the layers of a file, and to write changed statistics into a copy of it, against its size: the first does not
/// depend on it, the second is that of a copy.
/// </summary>
internal static class SizesTable
{
    private static readonly int[] Megabytes = [1, 10, 100, 400];

    public static MarkdownTable Make(Options options)
    {
        using var folder = new TemporaryFolder();
        var table = new MarkdownTable("weights, MB", "read, ms", "write a copy, ms");
        foreach (var megabytes in Megabytes)
        {
            var model = Path.Combine(options.Models, $"weights-{megabytes}.pt");
            var layers = ReadLayers(model);
            table.Add($"{megabytes}",
                Time(options, () => ReadLayers(model)),
                Time(options, () => Runs.Apply(model, layers, save: new() { Destination = folder.File("copy.pt"), Force = true })));
        }
        return table;
    }

    private static IReadOnlyList<BnModule> ReadLayers(string path)
    {
        using var model = BnModel.Open(path);
        return model.Layers;
    }

    private static string Time(Options options, Action work)
    {
        work();
        return $"{1000 * Median.Seconds(options.Repetitions, work):0.0}";
    }
}

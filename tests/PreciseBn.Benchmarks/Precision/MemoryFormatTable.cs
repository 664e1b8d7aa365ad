using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Precision;

/// <summary>How far means and variances are from exact float64 arithmetic in each memory format, against the values in a batch.</summary>
internal static class MemoryFormatTable
{
    private const int Batches = 10;
    private const int Channels = 4;
    private const int Seed = 1;

    private static readonly (int Images, int Size)[] Shapes = [(16, 8), (32, 28), (16, 64), (32, 112), (64, 224)];

    public static MarkdownTable Make()
    {
        var table = new MarkdownTable("batch", "values of a channel", "mean, contiguous", "variance, contiguous", "mean, channels last", "variance, channels last");
        foreach (var (images, size) in Shapes)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(Seed);
            var batches = Enumerable.Range(0, Batches).Select(_ => randn([images, Channels, size, size], generator: generator) + 1).ToArray();
            var channels = cat(batches).transpose(0, 1).flatten(1).unbind().Select(channel => channel.to(ScalarType.Float64)).ToArray();
            var exact = channels.Select(channel => (channel.mean().item<double>(), channel.var(0, unbiased: false).item<double>())).ToArray();
            table.Add([$"{images}×{Channels}×{size}×{size}", $"{images * size * size}",
                .. Errors(exact, batches, MemoryFormat.Contiguous), .. Errors(exact, batches, MemoryFormat.ChannelsLast)]);
        }
        return table;
    }

    private static string[] Errors((double Mean, double Variance)[] exact, IEnumerable<Tensor> batches, MemoryFormat format)
    {
        var options = new MeasureOptions { MemoryFormat = format };
        var layers = Runs.Read(Fixtures.Path("bn2d.scripted.pt")).Layers;
        var stat = Runs.Measure(layers, new EnumerableBatchSource(batches, []), options).Single();
        var channels = Enumerable.Range(0, Channels).ToArray();
        return
        [
            $"{channels.Max(i => Math.Abs(stat.Mean[i] - exact[i].Mean) / Math.Sqrt(exact[i].Variance)):0.0e+0}",
            $"{channels.Max(i => Math.Abs((stat.Variance[i] / exact[i].Variance) - 1)):0.0e+0}",
        ];
    }
}

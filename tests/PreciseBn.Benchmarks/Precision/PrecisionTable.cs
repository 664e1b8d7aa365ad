using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Precision;

/// <summary>
/// How far variances are from exact float64 arithmetic over the same float32 values, the further their mean is from 0. All
/// ways but that of this module are given the batch statistics that BatchNorm leaves in its buffers.
/// </summary>
internal static class PrecisionTable
{
    private const int Batches = 100;
    private const int Seed = 1;

    private static readonly int[] Ratios = [1, 10, 100, 1000, 3000];

    private static readonly (string Name, string Model, long[] Shape, bool IsChannelsLast)[] Layers =
    [
        ("BatchNorm1d", "bn1d.scripted.pt", [512, 4], false),
        ("BatchNorm2d", "bn2d.scripted.pt", [32, 4, 28, 28], false),
        ("BatchNorm2d, channels last", "bn2d.scripted.pt", [32, 4, 28, 28], true),
    ];

    public static MarkdownTable Make()
    {
        var table = new MarkdownTable("layer", "mean / deviation", "fvcore's formula", "float32, merged", "this module");
        foreach (var (name, model, shape, isChannelsLast) in Layers)
        {
            foreach (var ratio in Ratios)
            {
                using var scope = NewDisposeScope();
                using var generator = new Generator(Seed);
                var batches = Enumerable.Range(0, Batches).Select(_ => Draw(shape, isChannelsLast, generator) + ratio).ToArray();
                var exact = ExactVariance(batches);
                table.Add(name, $"{ratio}",
                    Error(exact, Pool(batches, new DifferenceOfSquares((int)shape[1]))),
                    Error(exact, Pool(batches, new SinglePrecisionMerging((int)shape[1]))),
                    Error(exact, Measure(model, batches)));
            }
        }
        return table;
    }

    private static Tensor Draw(long[] shape, bool isChannelsLast, Generator generator)
    {
        var values = randn(shape, generator: generator);
        return isChannelsLast ? values.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : values;
    }

    private static double[] ExactVariance(IEnumerable<Tensor> batches) => Values(
        cat(batches.Select(batch => batch.to(ScalarType.Float64).transpose(0, 1).flatten(1)).ToArray(), 1).var(1, unbiased: false));

    private static double[] Pool(IEnumerable<Tensor> batches, IPooling pooling)
    {
        foreach (var batch in batches)
        {
            var (mean, variance) = (zeros(batch.shape[1]), zeros(batch.shape[1]));
            nn.functional.batch_norm(batch, mean, variance, training: true, momentum: 1);
            pooling.Add(mean, variance, batch.numel() / batch.shape[1]);
        }
        return Values(pooling.Variance);
    }

    private static double[] Measure(string model, IEnumerable<Tensor> batches) => Runs.Measure(
        Runs.Read(Fixtures.Path(model)).Layers, new EnumerableBatchSource(batches, []), new()).Single().Variance;

    private static double[] Values(Tensor tensor) => tensor.to(ScalarType.Float64).data<double>().ToArray();

    private static string Error(double[] exact, double[] variance) =>
        $"{exact.Zip(variance).Max(channel => Math.Abs((channel.Second / channel.First) - 1)):0.0e+0}";
}

using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Models that run with the channels last give the same statistics, as far as float32 sums allow.</summary>
public sealed class MemoryFormatTests : IDisposable
{
    private const double Tolerance = 1e-5;
    private const double SmallestVariance = 1e-6;
    private static readonly MeasureOptions ChannelsLast = new() { MemoryFormat = MemoryFormat.ChannelsLast };

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("digits.scripted.pt", "digits.expected.json")]
    [InlineData("digits.traced.pt", "digits.expected.json")]
    [InlineData("digits.exported-2.14.pt2", "digits.expected.json")]
    [InlineData("digits.exported-static32-2.6.pt2", "digits.expected.json")]
    [InlineData("kinds.scripted.pt", "kinds.expected.json")]
    public void Statistics_agree_with_exact_float64(string model, string reference)
    {
        using var expected = Expected.Read(reference);
        using var data = Runs.DataFor(model);
        var stats = Runs.Update(_folder.Copy(model), data, ChannelsLast);

        foreach (var layer in expected.ExactLayers.Where(layer => stats[layer].Batches > 0))
        {
            var (mean, variance) = expected.Exact(layer);
            for (var channel = 0; channel < mean.Length; channel++)
            {
                var scale = Math.Max(variance[channel], SmallestVariance);
                Assert.Equal(mean[channel], stats[layer].Mean[channel], Tolerance * Math.Sqrt(scale));
                Assert.Equal(variance[channel], stats[layer].Variance[channel], Tolerance * scale);
            }
        }
    }

    [Theory]
    [InlineData(MemoryFormat.Contiguous, 1)]
    [InlineData(MemoryFormat.ChannelsLast, 3)]
    public void Inputs_lie_in_memory_as_it_was_asked_for(MemoryFormat format, long distanceOfPixels)
    {
        using var probe = new StrideProbe();
        using var model = nn.Sequential(("probe", probe), ("bn", nn.BatchNorm2d(3)));

        Runs.Update(Runs.Layers(model), new EnumerableBatchSource([randn(2, 3, 5, 4)], []),
            new() { MemoryFormat = format });

        Assert.Equal(distanceOfPixels, probe.Stride![^1]);
    }

    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.exported-2.6.pt2")]
    public void A_saved_model_runs_so_only_if_it_is_asked_for(string model)
    {
        using var data = Runs.DataFor(model);
        var layers = Runs.Read(Fixtures.Path(model)).Layers;

        double[][] Measure(MeasureOptions options) => Runs.Measure(layers, data, options).Select(stat => stat.Variance).ToArray();

        var usual = Measure(new());

        Assert.Equal(usual, Measure(new()));
        Assert.NotEqual(usual, Measure(ChannelsLast));
    }

    public void Dispose() => _folder.Dispose();

    private sealed class StrideProbe() : nn.Module<Tensor, Tensor>("probe")
    {
        public long[]? Stride { get; private set; }

        public override Tensor forward(Tensor input)
        {
            Stride = input.stride();
            return input.alias();
        }
    }
}

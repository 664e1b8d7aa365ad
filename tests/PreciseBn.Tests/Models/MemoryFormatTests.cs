using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>In whatever order in memory a model runs, its statistics are the same and as precise.</summary>
public sealed class MemoryFormatTests : IDisposable
{
    private const double Tolerance = 1e-5;
    private const double SmallestVariance = 1e-6;
    private static readonly MeasureOptions ChannelsLast = new() { MemoryFormat = MemoryFormat.ChannelsLast };
    private static readonly MeasureOptions Contiguous = new() { MemoryFormat = MemoryFormat.Contiguous };

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
    [InlineData("bn2d.scripted.pt", new long[] { 16, 4, 64, 64 }, 3)]
    [InlineData("bn2d.scripted.pt", new long[] { 7, 4, 61, 53 }, 3)]
    [InlineData("bn2d.scripted.pt", new long[] { 1, 4, 41, 25 }, 29)]
    [InlineData("bn2d.scripted.pt", new long[] { 1, 4, 40, 25 }, 9)]
    [InlineData("bn2d.scripted.pt", new long[] { 1, 4, 40, 25 }, 29)]
    [InlineData("bn2d.scripted.pt", new long[] { 16, 4, 64, 64 }, 100)]
    [InlineData("bn2d.scripted.pt", new long[] { 21, 4, 113, 127 }, 3)]
    [InlineData("bn1d.scripted.pt", new long[] { 70001, 4 }, 3)]
    [InlineData("bn1d.scripted.pt", new long[] { 70001, 4 }, 29)]
    public void Many_values_are_summed_as_precisely(string model, long[] shape, double deviationsFromZero)
    {
        using var scope = NewDisposeScope();
        var values = Values(shape, deviationsFromZero);

        AssertExact(values, Runs.Measure(Runs.Read(Fixtures.Path(model)).Layers, new EnumerableBatchSource([values], []), ChannelsLast)[0]);
    }

    [Theory]
    [InlineData(new long[] { 16, 4, 112, 112 }, false)]
    [InlineData(new long[] { 16, 4, 112, 112 }, true)]
    [InlineData(new long[] { 70001, 4 }, false)]
    public void A_model_in_memory_sums_them_so_whatever_order_its_data_have(long[] shape, bool isChannelsLast)
    {
        using var scope = NewDisposeScope();
        var values = Values(shape, 3);
        var given = isChannelsLast ? values.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : values;
        using nn.Module<Tensor, Tensor> layer = shape.Length == 2 ? nn.BatchNorm1d(shape[1]) : nn.BatchNorm2d(shape[1]);
        using var model = nn.Sequential(("bn", layer));

        AssertExact(values, Runs.Measure(Runs.Layers(model), new EnumerableBatchSource([given], []))[0]);
    }

    // So few values that they are summed at once, and so many channels that the worst of them is bad.
    [Fact]
    public void Means_that_are_some_deviations_away_from_0_are_as_precise()
    {
        using var scope = NewDisposeScope();
        var values = Values([1000, 4096], 25);
        using var model = nn.Sequential(("bn", nn.BatchNorm1d(4096)));

        AssertExact(values, Runs.Measure(Runs.Layers(model), new EnumerableBatchSource([values], []))[0]);
    }

    [Theory]
    [InlineData("digits.scripted.pt")]
    [InlineData("digits.exported-2.6.pt2")]
    public void A_saved_model_of_images_runs_with_the_channels_last_unless_another_order_is_asked_for(string model)
    {
        var usual = Measure(Fixtures.Path(model), new());

        Assert.Equal(Measure(Fixtures.Path(model), ChannelsLast), usual);
        Assert.NotEqual(Measure(Fixtures.Path(model), Contiguous), usual);
    }

    [Theory]
    [InlineData("torch.as_strided(_0, [1], [1], 3)")]
    [InlineData("torch.reshape(_0, [torch.stride(_0, 0), -1])")]
    public void A_model_that_looks_at_the_order_in_memory_keeps_it(string look)
    {
        var model = Rewritten("x0 = torch.mean(_0, [2, 3])", $"x0 = torch.add(torch.mean(_0, [2, 3]), torch.mul(torch.sum({look}), 0.))");

        Assert.Equal(Measure(model, Contiguous), Measure(model, new()));
    }

    [Fact]
    public void A_model_that_cannot_run_with_the_channels_last_runs_as_it_was_made_and_says_so()
    {
        var model = Rewritten("x0 = torch.mean(_0, [2, 3])", "x0 = torch.mean(torch.view(torch.view(_0, [torch.size(_0, 0), -1]), [-1, 64, 49]), [2])");
        var notes = new List<string?>();

        Assert.Equal(Measure(model, Contiguous), Measure(model, new(), new Recorder(progress => notes.Add(progress.Note))));
        Assert.All(notes, note => Assert.Contains("with the channels last it cannot", note));
    }

    private double[][] Measure(string model, MeasureOptions options, IProgress<MeasureProgress>? progress = null)
    {
        using var data = Runs.Digits();
        return Runs.Measure(Runs.Read(model).Layers, data, options, progress).Select(stat => stat.Variance).ToArray();
    }

    private string Rewritten(string oldText, string newText)
    {
        var path = _folder.File("model.pt");
        ArchiveEditor.RewriteCode(Fixtures.Path("digits.scripted.pt"), path, oldText, newText);
        return path;
    }

    private static Tensor Values(long[] shape, double deviationsFromZero)
    {
        using var generator = new Generator(1);
        return randn(shape, generator: generator).add(deviationsFromZero);
    }

    private static void AssertExact(Tensor values, BnStat stat)
    {
        var channels = values.transpose(0, 1).flatten(1).unbind();
        for (var channel = 0; channel < channels.Length; channel++)
        {
            var numbers = channels[channel].contiguous().data<float>().ToArray().Select(value => (double)value).ToArray();
            var mean = numbers.Average();
            var variance = numbers.Average(value => (value - mean) * (value - mean));
            Assert.Equal(mean, stat.Mean[channel], Tolerance * Math.Sqrt(variance));
            Assert.Equal(variance, stat.Variance[channel], Tolerance * variance);
        }
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

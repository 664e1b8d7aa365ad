using PreciseBn.Data;
using PreciseBn.Tests.Support;
using static PreciseBn.Tests.Support.Tensors;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Unchanged data close the gate in one run of a hundred at most, even if no change at all is allowed; changed data do.</summary>
public sealed class FalseAlarmTests
{
    private const int Repetitions = 300;
    private const int Channels = 8;

    private static readonly BnThresholds NoChange = new() { MeanShift = 0, VarianceRatio = 1, Divergence = 0 };

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(40)]
    public void Independent_values(int batches) => AssertFewAlarms(batches, generator => randn([4, Channels, 4, 4], generator: generator));

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(40)]
    public void Skewed_values(int batches) => AssertFewAlarms(batches, generator =>
    {
        var uniform = rand([4, Channels, 4, 4], generator: generator);
        return uniform * uniform * uniform;
    });

    [Theory]
    [InlineData(5)]
    [InlineData(40)]
    public void Images_whose_pixels_are_correlated(int batches) => AssertFewAlarms(batches, generator =>
        Sum(randn([4, Channels, 1, 1], generator: generator),
            Sum(rand([4, Channels, 1, 1], generator: generator), tensor(0.5f)) * randn([4, Channels, 4, 4], generator: generator)));

    [Fact]
    public void Digits_that_were_not_measured_before()
    {
        const int Seeds = 100;
        var layers = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers;
        using var calibration = Support.Runs.Digits();
        var measured = Runs.Measure(layers, calibration, new());
        var stored = layers.Zip(measured).Select(pair => pair.First with { Mean = pair.Second.Mean, Variance = pair.Second.Variance }).ToArray();

        var samples = Enumerable.Range(0, Seeds).Select(seed =>
        {
            using var loader = TestDigits(seed, deviation: 0.3081);
            return Runs.Measure(layers, loader, new());
        }).ToArray();

        Assert.InRange(samples.Count(sample => IsAlarm(measured, sample, NoChange)), 0, Seeds / 100);
        Assert.InRange(samples.Count(sample => IsAlarm(stored, sample, NoChange)), 0, Seeds / 100);
    }

    [Theory]
    [InlineData(0.25, false)]
    [InlineData(0.2, true)]
    public void Digits_of_another_contrast_close_the_gate_where_the_accuracy_suffers(double deviation, bool isAlarm)
    {
        var layers = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers;
        using var calibration = Support.Runs.Digits();
        var measured = Runs.Measure(layers, calibration, new());

        for (var seed = 0; seed < 5; seed++)
        {
            using var loader = TestDigits(seed, deviation);
            Assert.Equal(isAlarm, IsAlarm(measured, Runs.Measure(layers, loader, new()), new()));
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 2)]
    public void A_clear_change_of_one_channel_is_never_missed(double shift, double scale)
    {
        using var generator = new Generator(11);
        var isChanged = zeros(1, Channels, 1, 1);
        isChanged[0, 3] = 1;
        using var factor = 1 + ((scale - 1) * isChanged);
        using var offset = shift * isChanged;
        for (var run = 0; run < 100; run++)
        {
            var before = Measure(20, () => randn([4, Channels, 4, 4], generator: generator));
            var after = Measure(20, () => Sum(randn([4, Channels, 4, 4], generator: generator) * factor, offset));
            Assert.True(IsAlarm(before, after, new()));
        }
    }

    // Each sample is compared with the next, as measured and as if it came from a file that does not say its errors.
    private static void AssertFewAlarms(int batches, Func<Generator, Tensor> draw)
    {
        using var generator = new Generator(5);
        var samples = Enumerable.Range(0, Repetitions + 1).Select(_ => Measure(batches, () => draw(generator))).ToArray();
        var pairs = samples.Zip(samples.Skip(1)).ToArray();

        Assert.InRange(pairs.Count(pair => IsAlarm(pair.First, pair.Second, NoChange)), 0, Repetitions / 100);
        Assert.InRange(pairs.Count(pair => IsAlarm(AsStored(pair.First), pair.Second, NoChange)), 0, Repetitions / 100);
    }

    private static bool IsAlarm(IReadOnlyList<ILayerStatistics> reference, IReadOnlyList<ILayerStatistics> difference, BnThresholds thresholds) =>
        !BnGate.Judge(reference, difference, thresholds).All(verdict => verdict.Passed);

    private static IReadOnlyList<BnStat> Measure(int batches, Func<Tensor> draw)
    {
        using var scope = NewDisposeScope();
        using var model = nn.BatchNorm2d(Channels);
        return Runs.Measure(Runs.Layers(model), new EnumerableBatchSource(Enumerable.Range(0, batches).Select(_ => draw()).ToArray(), []), new());
    }

    private static BnModule[] AsStored(IReadOnlyList<BnStat> stats)
    {
        using var model = nn.BatchNorm2d(Channels);
        return Runs.Layers(model).Zip(stats).Select(pair => pair.First with { Mean = pair.Second.Mean, Variance = pair.Second.Variance }).ToArray();
    }

    private static BnDataLoader TestDigits(int seed, double deviation) => BnDataLoader.FromFiles(
        [Fixtures.Path("digits.test.npz")],
        new() { Keys = ["images"], BatchSize = 16, Order = DataOrder.Shuffled, Seed = seed, Take = 160, Mean = [0.1307], StandardDeviation = [deviation] });
}

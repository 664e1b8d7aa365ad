using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Models;
using PreciseBn.Primitives;
using PreciseBn.Recalibration;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Exported programs are measured exactly in segments, which give just what passes over the data give; or not in segments.</summary>
public sealed class SegmentTests : IDisposable
{
    private const double Tolerance = 1e-9;

    private static readonly MeasureOptions Exact = new() { Exact = true };

    private readonly List<IDisposable> _data = [];

    // In the programs called arguments libtorch's instance_norm rounds its own running statistics anew with each batch, in evaluation too: where a
    // pass begins with what the one before has left of them, layers behind it differ by 2e-8 to 2e-7.
    [Theory]
    [InlineData("digits.exported-2.6.pt2", 6)]
    [InlineData("digits.exported-decomposed-2.14.pt2", 6)]
    [InlineData("exported/arguments-2.6.pt2", 4)]
    [InlineData("exported/arguments-decomposed-2.14.pt2", 4)]
    [InlineData("exported/arguments-training-2.14.pt2", 4)]
    [InlineData("cases/alias/export-2.6.pt2", 2)]
    [InlineData("cases/autocast/export_decomp-2.6.pt2", 2)]
    [InlineData("cases/no-grad/export_train-2.6.pt2", 2)]
    [InlineData("segments/residual-2.6.pt2", 5)]
    public void They_give_what_passes_give(string file, int segments)
    {
        var plan = new List<MeasureProgress>();
        var data = DataFor(file);

        AssertSame(InPasses(file, data, Exact), InSegments(file, data, Exact, new Recorder(plan.Add)));

        Assert.Equal(segments, plan[0].Passes);
    }

    [Fact]
    public void Layers_that_do_not_depend_on_each_other_share_a_segment()
    {
        using var file = ModelFile.Open(Fixtures.Path("segments/residual-2.6.pt2"));
        using var model = file.Load(file.Layers, new() { InSegments = true }, CPU);

        var names = model.Segments!.Layers.Select(segment => string.Join(" ", segment.Select(layer => model.Layers[layer].Name)));

        Assert.Equal(["bn1", "bn2 bn_side", "bn3", "bn4", "last"], names);
    }

    // A layer that feeds itself, and values that are written to behind a layer that they have gone before.
    [Theory]
    [InlineData("itself")]
    [InlineData("written-sum")]
    [InlineData("written-part")]
    [InlineData("written-input")]
    public void A_program_whose_parts_cannot_be_told_apart_runs_as_a_whole(string name)
    {
        using var file = ModelFile.Open(Fixtures.Path($"segments/{name}-2.6.pt2"));
        using var model = file.Load(file.Layers, new() { InSegments = true }, CPU);

        Assert.Null(model.Segments);
    }

    [Theory]
    [InlineData("cases/clone-stats/export-2.6.pt2")]
    [InlineData("places/rows-read.pt2")]
    public void So_does_one_that_computes_with_the_statistics_itself(string path)
    {
        using var file = ModelFile.Open(Fixtures.Path(path));
        using var model = file.Load(file.Layers, new() { InSegments = true }, CPU);

        Assert.Null(model.Segments);
    }

    // All batches go through a segment before the next: what one batch leaves for the next would be found too late, or too early.
    [Theory]
    [InlineData("places/changing.pt2")]
    [InlineData("places/changing.decomposed.pt2")]
    public void So_does_one_that_remembers_batches(string path)
    {
        using var file = ModelFile.Open(Fixtures.Path(path));
        using var model = file.Load(file.Layers, new() { InSegments = true }, CPU);

        Assert.Null(model.Segments);
    }

    // Whatever the program, what is read in it is held against what the first batch shows.
    [Fact]
    public void So_does_one_whose_segments_do_not_see_what_the_whole_sees()
    {
        const string File = "segments/residual-2.6.pt2";
        var data = Images(8, 3, 5);
        using var source = new MisledModel(new SavedModel(Fixtures.Path(File)));
        using var session = new MeasuringSession(source, source.Layers.Select(layer => layer.Name).ToArray(), null, Exact, null);

        var results = new ExactMeasurement(session, data, Exact).Measure(default);

        AssertSame(InPasses(File, data, Exact), results);
    }

    [Fact]
    public void A_layer_that_runs_twice_is_pooled_behind_both_its_calls_or_refused()
    {
        var data = Images(8, 3, 5);
        var options = Exact with { AllowReuse = true };

        AssertSame(InPasses("segments/shared-2.6.pt2", data, options), InSegments("segments/shared-2.6.pt2", data, options));

        var error = Assert.Throws<PreciseBnException>(() => Runs.Measure(Runs.Read(Fixtures.Path("segments/shared-2.6.pt2")).Layers, data, Exact));
        Assert.Equal("LayerReused", error.ErrorId);
    }

    [Theory]
    [InlineData("bn1", "bn3")]
    [InlineData("bn2", "bn4")]
    [InlineData("last")]
    public void All_but_the_selected_layers_stay_as_they_are(params string[] layers)
    {
        var data = Images(8, 3, 5);

        AssertSame(
            InPasses("segments/residual-2.6.pt2", data, Exact, layers: layers), InSegments("segments/residual-2.6.pt2", data, Exact, layers: layers));
    }

    // With little memory the first batches are in it and the others are not.
    [Theory]
    [InlineData(0)]
    [InlineData(40_000)]
    [InlineData(long.MaxValue)]
    public void It_does_not_matter_where_values_are_kept(long memory)
    {
        var data = Images(8, 3, 5, 16, 2);

        AssertSame(
            InPasses("segments/residual-2.6.pt2", data, Exact), InSegments("segments/residual-2.6.pt2", data, Exact with { ActivationMemory = memory }));
    }

    // The bytes of a conjugate, and of its imaginary part, are those of the number itself.
    [Fact]
    public void So_it_does_not_of_numbers_that_are_marked_as_conjugated_or_negated()
    {
        const string File = "segments/conjugate-2.6.pt2";
        var data = Images(8, 3, 5);

        AssertSame(InPasses(File, data, Exact), InSegments(File, data, Exact with { ActivationMemory = 0 }));
    }

    [Fact]
    public void Each_batch_is_read_once_after_the_first_was_tried()
    {
        var read = 0;
        using var images = randn(4, 3, 8, 8);
        IEnumerable<Tensor> Count()
        {
            for (var i = 0; i < 10; i++, read++)
                yield return images;
        }

        Runs.Measure(Runs.Read(Fixtures.Path("segments/residual-2.6.pt2")).Layers, new EnumerableBatchSource(Count(), []), Exact with { Iterations = 10 });

        Assert.InRange(read, 9, 10);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Batches_with_NaN_are_refused_by_name_or_left_out(int bad)
    {
        using var scope = NewDisposeScope();
        var tensors = Enumerable.Range(0, 4).Select(_ => randn(4, 3, 8, 8)).ToArray();
        tensors[bad].fill_(float.NaN);
        var data = new EnumerableBatchSource(tensors, []);
        var layers = Runs.Read(Fixtures.Path("segments/residual-2.6.pt2")).Layers;

        var error = Assert.Throws<PreciseBnException>(() => Runs.Measure(layers, data, Exact));
        var skipping = Runs.Measure(layers, data, Exact with { SkipNonFinite = true });
        var without = Runs.Measure(layers, new EnumerableBatchSource(tensors.Where((_, index) => index != bad), []), Exact);

        Assert.Equal("NotFinite", error.ErrorId);
        Assert.Contains($"'bn1'", error.Message, StringComparison.Ordinal);
        Assert.Contains($"batch {bad};", error.Message, StringComparison.Ordinal);
        Assert.All(skipping, stat => Assert.Equal((1, 3), (stat.SkippedBatches, stat.Batches)));
        foreach (var (stat, other) in skipping.Zip(without))
            Assert.All(stat.Variance.Zip(other.Variance), pair => Assert.Equal(pair.Second, pair.First, Tolerance));
    }

    [Fact]
    public void Progress_goes_through_the_segments_once()
    {
        var reports = new List<MeasureProgress>();
        var data = Images(4, 4, 4);

        InSegments("segments/residual-2.6.pt2", data, Exact with { ActivationMemory = 100 }, new Recorder(reports.Add));

        // The most is behind the convolutions of bn2 and bn_side, of 4×8×8×8 numbers each; and there is the number of items.
        Assert.Equal(new KeptSize(3 * (8 + (2 * 4 * 8 * 8 * 8 * 4)), 100), reports[0].Kept);
        Assert.Equal(Enumerable.Range(1, 5).SelectMany(segment => Enumerable.Range(1, 3).Select(batch => (segment, (long)batch))),
            reports.Skip(1).Select(report => (report.Pass, report.Batches)));
        Assert.Equal(1, reports[^1].Fraction);
    }

    [LinuxFact("a limit to the size of files")]
    public void A_disk_that_takes_no_more_is_said_and_leaves_the_model_as_it_was()
    {
        using var folder = new TemporaryFolder();
        var model = folder.Copy("digits.exported-2.6.pt2", "model.pt2");
        var before = File.ReadAllBytes(model);
        var data = Fixtures.Path("digits.calibration.npy");

        var (exitCode, output, errors) = FileWriter.RunOnFullDisk(2 * before.Length / 1024, model, data, data, "1");

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Equal("ready\nValuesNotKept\n", output);
        Assert.Equal(before, File.ReadAllBytes(model));
    }

    public void Dispose() => _data.ForEach(item => item.Dispose());

    private IBatchSource DataFor(string file) => file.Split('/', '.') switch
    {
        ["digits", ..] => Keep(Runs.Digits(take: 100)),
        ["exported", ..] => Keep(BnDataLoader.FromFiles([Fixtures.Path("exported/arguments.batches.npz")], new() { AsBatches = true, Keys = ["image", "extra"] })),
        ["cases", var name, ..] => Keep(BnDataLoader.FromFiles([Fixtures.Path($"cases/{name}/batches.npz")], new() { AsBatches = true, KeepIntegers = true })),
        _ => Images(8, 3, 5),
    };

    private IBatchSource Images(params int[] sizes)
    {
        using var generator = new Generator(1);
        return new EnumerableBatchSource(sizes.Select(size => Keep(randn(size, 3, 8, 8, generator: generator).add(2))).ToArray(), []);
    }

    private T Keep<T>(T item)
        where T : IDisposable
    {
        _data.Add(item);
        return item;
    }

    private static LayerResult[] InSegments(string file, IBatchSource data, MeasureOptions options, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default, string[]? layers = null) =>
        Measure(file, options, progress, layers, session => new SegmentedMeasurement(session, data, options).TryMeasure(cancellation))
            ?? throw new InvalidOperationException($"{file} has run as a whole.");

    private static LayerResult[] InPasses(string file, IBatchSource data, MeasureOptions options, string[]? layers = null) =>
        Measure(file, options, null, layers, session => new ExactMeasurement(session, data, options).MeasureInPasses(default))!;

    private static LayerResult[]? Measure(
        string file, MeasureOptions options, IProgress<MeasureProgress>? progress, string[]? layers, Func<MeasuringSession, LayerResult[]?> measure)
    {
        using var source = new SavedModel(Fixtures.Path(file));
        using var session = new MeasuringSession(source, layers ?? source.Layers.Select(layer => layer.Name).ToArray(), null, options, progress);
        return measure(session);
    }

    private static void AssertSame(LayerResult[] expected, LayerResult[] results)
    {
        Assert.Equal(expected.Select(layer => (layer.Name, layer.Moments.Batches, layer.Moments.Uses, layer.Moments.Count, layer.TotalBatches)),
            results.Select(layer => (layer.Name, layer.Moments.Batches, layer.Moments.Uses, layer.Moments.Count, layer.TotalBatches)));
        foreach (var (layer, other) in expected.Zip(results))
        {
            var ((mean, variance), (otherMean, otherVariance)) = (layer.Settle(Exact), other.Settle(Exact));
            Assert.All(mean.Zip(otherMean), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
            Assert.All(variance.Zip(otherVariance), pair => Assert.Equal(pair.First, pair.Second, Tolerance * Math.Max(1, pair.First)));
        }
    }
}

using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Files, images and tensors become the batches that a model takes.</summary>
public sealed class DataLoaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("digits.calibration.npz")]
    [InlineData("digits.calibration.npy")]
    public void Bytes_are_divided_by_255_and_normalised_in_float32(string file)
    {
        using var loader = BnDataLoader.FromFiles(
            [Fixtures.Path(file)],
            new() { Order = DataOrder.Sequential, Keys = file.EndsWith("npz", StringComparison.Ordinal) ? ["images"] : [], BatchSize = 3, Mean = [0.1307], StandardDeviation = [0.3081] });
        var raw = File.ReadAllBytes(Fixtures.Path("digits.calibration.npy"))[128..];

        using var batch = loader.Read().Skip(1).First();

        Assert.Equal([3, 1, 28, 28], batch.Inputs[0].shape);
        var expected = raw.Skip(3 * 784).Take(3 * 784).Select(value => ((value / 255f) - 0.1307f) / 0.3081f);
        Assert.Equal(expected, batch.Inputs[0].data<float>());
        Assert.Equal((1600, 534), (loader.Count, loader.BatchCount));
    }

    [Fact]
    public void A_last_batch_is_short_or_left_out()
    {
        Assert.Equal([64, 64, 22], Sizes(new() { Keys = ["images"], BatchSize = 64, Take = 150 }));
        Assert.Equal([64, 64], Sizes(new() { Keys = ["images"], BatchSize = 64, Take = 150, DropLast = true }));
        using var full = Open(new() { Keys = ["images"], BatchSize = 64, Take = 150, DropLast = true });
        Assert.Equal(2, full.BatchCount);
    }

    [Fact]
    public void Shuffling_takes_every_item_once_and_repeats_with_the_seed()
    {
        long[] Labels(BnDataLoader loader) => loader.Read().SelectMany(batch => batch.Inputs[0].data<long>().ToArray()).ToArray();
        using var plain = Open(new() { Keys = ["labels"] });
        using var shuffled = Open(new() { Keys = ["labels"], Order = DataOrder.Shuffled, Seed = 5 });
        using var same = Open(new() { Keys = ["labels"], Order = DataOrder.Shuffled, Seed = 5 });
        using var other = Open(new() { Keys = ["labels"], Order = DataOrder.Shuffled, Seed = 6 });

        Assert.NotEqual(Labels(plain), Labels(shuffled));
        Assert.Equal(Labels(plain).Order(), Labels(shuffled).Order());
        Assert.Equal(Labels(shuffled), Labels(shuffled));
        Assert.Equal(Labels(shuffled), Labels(same));
        Assert.NotEqual(Labels(shuffled), Labels(other));
    }

    [Fact]
    public void Arrays_as_batches_come_in_natural_order()
    {
        var path = _folder.File("batches.npz");
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            foreach (var i in new[] { 10, 2, 0, 1 })
            {
                using var entry = zip.CreateEntry($"batch{i}.npy").Open();
                entry.Write(Npy("<f4", "(1,)", BitConverter.GetBytes((float)i)));
            }
        }
        using var loader = BnDataLoader.FromFiles([path], new() { AsBatches = true });

        Assert.Equal([0f, 1f, 2f, 10f], loader.Read().Select(batch => batch.Inputs[0].item<float>()));
    }

    [Fact]
    public void A_batch_without_items_is_named_with_its_file()
    {
        var path = _folder.File("batches.npz");
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using var entry = zip.CreateEntry("batch0.npy").Open();
            entry.Write(Npy("<f4", "(0, 3)", []));
        }

        AssertFails("NoItems", $"The array 'batch0' of '{path}' has no items", () => BnDataLoader.FromFiles([path], new() { AsBatches = true }));
    }

    [Fact]
    public void What_is_the_same_for_a_batch_may_be_a_number()
    {
        var path = _folder.File("numbers.npz");
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            foreach (var (name, shape, values) in new[] { ("batch0.x", "(2,)", new[] { 1f, 2f }), ("batch0.t", "()", [3f]) })
            {
                using var entry = zip.CreateEntry($"{name}.npy").Open();
                entry.Write(Npy("<f4", shape, values.SelectMany(BitConverter.GetBytes).ToArray()));
            }
        }
        using var loader = BnDataLoader.FromFiles([path], new() { AsBatches = true, Keys = ["x", "t"] });

        using var batch = loader.Read().Single();

        Assert.Equal([[2L], []], batch.Inputs.Select(input => input.shape));
        Assert.Equal(3, batch.Inputs[1].item<float>());
    }

    [Fact]
    public void Two_keys_make_two_inputs()
    {
        using var loader = BnDataLoader.FromFiles(
            [Fixtures.Path("two-inputs.batches.npz")], new() { AsBatches = true, Keys = ["right", "left"] });

        Assert.All(loader.Read(), batch => Assert.Equal([3, 5], batch.Inputs.Select(input => input.shape[1])));
        Assert.Equal(5, loader.BatchCount);
    }

    [Fact]
    public void Images_with_channels_last_become_channels_first()
    {
        var path = _folder.File("nhwc.npy");
        File.WriteAllBytes(path, Npy("|u1", "(1, 2, 2, 3)", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
        using var loader = BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential, Layout = ImageLayout.NHWC, StandardDeviation = [1 / 255.0, 1, 1] });

        using var batch = loader.Read().Single();

        Assert.Equal([1, 3, 2, 2], batch.Inputs[0].shape);
        Assert.Equal([1f, 4f, 7f, 10f], batch.Inputs[0][0, 0].contiguous().data<float>().Select(value => MathF.Round(value, 4)));
        Assert.Equal([2 / 255f, 5 / 255f, 8 / 255f, 11 / 255f], batch.Inputs[0][0, 1].contiguous().data<float>());
    }

    [Fact]
    public void Numbers_that_are_no_images_pass_as_they_are()
    {
        var path = _folder.File("features.npy");
        File.WriteAllBytes(path, Npy("<f8", "(2, 2)", new[] { 1.5, 2.5, 3.5, 4.5 }.SelectMany(BitConverter.GetBytes).ToArray()));
        using var loader = BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential });

        using var batch = loader.Read().Single();

        Assert.Equal(ScalarType.Float64, batch.Inputs[0].dtype);
        Assert.Equal([1.5, 2.5, 3.5, 4.5], batch.Inputs[0].data<double>());
    }

    [Fact]
    public void Features_are_normalised_one_by_one()
    {
        using var data = tensor(new float[,] { { 1, 10 }, { 3, 30 } });
        using var loader = BnDataLoader.FromObjects([data], new() { Order = DataOrder.Sequential, Mean = [2, 20], StandardDeviation = [1, 10] });

        using var batch = loader.Read().Single();

        Assert.Equal([-1f, -1f, 1f, 1f], batch.Inputs[0].data<float>());
    }

    [Fact]
    public void Integers_are_normalised_where_that_is_asked_for_and_else_are_what_they_were()
    {
        using var data = tensor(new long[,] { { 1, 10 }, { 3, 30 } });
        using var plain = BnDataLoader.FromObjects([data], new() { Order = DataOrder.Sequential });
        using var scaled = BnDataLoader.FromObjects([data], new() { Order = DataOrder.Sequential, Mean = [2, 20], StandardDeviation = [1, 10] });

        using var asStored = plain.Read().Single();
        using var normalised = scaled.Read().Single();

        Assert.Equal([1L, 10, 3, 30], asStored.Inputs[0].data<long>());
        Assert.Equal([-1f, -1f, 1f, 1f], normalised.Inputs[0].data<float>());
    }

    [Fact]
    public void Of_several_inputs_images_are_normalised_and_no_numbers_of_classes()
    {
        using var images = ones([2, 3, 4, 4]);
        using var classes = ones([2, 4, 4], ScalarType.Int64);
        using var loader = BnDataLoader.FromObjects([images, classes], new() { Order = DataOrder.Sequential, Mean = [1, 2, 3] });

        using var batch = loader.Read().Single();

        Assert.Equal([0f, -1f, -2f], batch.Inputs[0][0, .., 0, 0].data<float>());
        Assert.Equal(ScalarType.Int64, batch.Inputs[1].dtype);
    }

    [Fact]
    public void A_mean_that_is_for_nothing_is_an_error()
    {
        AssertFails("OptionWithoutEffect", "integers are given", () => BnDataLoader.FromObjects([new byte[] { 1, 2 }], new() { KeepIntegers = true, Mean = [0.5] }));
        AssertFails("OptionWithoutEffect", "'0', '1'", () => BnDataLoader.FromObjects([new float[2, 3], new float[2, 3]], new() { StandardDeviation = [0.5] }));
    }

    [Fact]
    public void Safetensors_are_read()
    {
        using var loader = BnDataLoader.FromFiles([Fixtures.Path("digits.safetensors")], new() { Order = DataOrder.Sequential, Keys = ["stem.bn.running_mean"], BatchSize = 100 });
        var layer = Runs.Read(Fixtures.Path("digits.scripted.pt")).Layers[0];

        using var batch = loader.Read().Single();

        Assert.Equal(layer.Mean, batch.Inputs[0].data<float>().Select(value => (double)value));
    }

    [Theory]
    [InlineData("<f4", "(3,)", "TruncatedFile")]
    [InlineData(">f4", "(1,)", "UnsupportedFile")]
    [InlineData("<c8", "(1,)", "UnsupportedFile")]
    [InlineData("<f4", "(9223372036854775807, 9223372036854775807)", "TruncatedFile")]
    [InlineData("<f4", "(-1,)", "DamagedFile")]
    public void An_array_that_cannot_be_used_is_an_error(string type, string shape, string errorId)
    {
        var path = _folder.File("bad.npy");
        File.WriteAllBytes(path, Npy(type, shape, [0, 0, 0, 0]));

        AssertFails(errorId, path, () => BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential }));
    }

    [Fact]
    public void A_key_that_is_not_there_lists_those_that_are() =>
        AssertFails("KeyNotFound", "'images', 'labels'", () => Open(new() { Keys = ["pictures"] }));

    [Fact]
    public void Several_arrays_without_a_key_are_an_error() =>
        AssertFails("KeyNeeded", "'images', 'labels'", () => Open(new()));

    [Fact]
    public void Inputs_of_different_length_are_an_error()
    {
        using var a = zeros(3, 1);
        using var b = zeros(2, 1);

        AssertFails("LengthsDiffer", "3 items", () => BnDataLoader.FromObjects([a, b], new() { Order = DataOrder.Sequential }));
    }

    [Fact]
    public void A_file_of_another_kind_is_an_error()
    {
        var path = _folder.File("data.xlsx");
        File.WriteAllText(path, "1,2");

        AssertFails("UnknownDataFile", path, () => BnDataLoader.FromFiles([path], new() { Order = DataOrder.Sequential }));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(7)]
    public void Batches_come_in_order_however_many_are_prepared_at_a_time(int? workers)
    {
        using var loader = Open(new() { Keys = ["labels"], BatchSize = 7, Workers = workers });
        using var whole = Open(new() { Keys = ["labels"], BatchSize = 1600 });

        Assert.Equal(whole.Read().Single().Inputs[0].data<long>(), loader.Read().SelectMany(batch => batch.Inputs[0].data<long>().ToArray()));
    }

    [Fact]
    public void Items_of_every_usual_form_become_batches()
    {
        using var a = ones(2, 3);
        using var b = zeros(2, 4);
        Tensor[] Inputs(object item, params string[] keys) =>
            new EnumerableBatchSource([item], keys).Read(default).Single().Inputs.ToArray();

        Assert.Equal([a], Inputs(a));
        Assert.Equal([a, b], Inputs(new[] { a, b }));
        Assert.Equal([a, b], Inputs(new List<Tensor> { a, b }));
        Assert.Equal([a, b], Inputs((a, b)));
        Assert.Equal([b], Inputs((a, b), "1"));
        Assert.Equal([a], Inputs(new Dictionary<string, Tensor> { ["image"] = a }));
        Assert.Equal([b, a], Inputs(new Dictionary<string, Tensor> { ["image"] = a, ["other"] = b }, "other", "image"));
        Assert.Equal([2, 2], Inputs(new float[,] { { 1, 2 }, { 3, 4 } }).Single().shape);
    }

    [Fact]
    public void A_dictionary_needs_to_be_told_which_entry_is_meant()
    {
        using var a = ones(2, 3);
        var item = new Dictionary<string, Tensor> { ["image"] = a, ["label"] = a };

        AssertFails("InputKeyNeeded", "'image', 'label'", () => new EnumerableBatchSource([item], []).Read(default).Single());
        AssertFails("InputKeyNotFound", "'pixel'", () => new EnumerableBatchSource([item], ["pixel"]).Read(default).Single());
        AssertFails("OptionWithoutEffect", "'pixel' has no effect on a batch that is a single tensor", () => new EnumerableBatchSource([a], ["pixel"]).Read(default).Single());
        AssertFails("OptionWithoutEffect", "a single array", () => new EnumerableBatchSource([new float[2, 3]], ["0"]).Read(default).Single());
        AssertFails("NotData", "String", () => new EnumerableBatchSource(["text"], []).Read(default).Single());
    }

    [Fact]
    public void Preparing_stops_when_the_reader_stops()
    {
        var loads = 0;
        using var samples = new CountingSamples(1000, () => Interlocked.Increment(ref loads));
        var plan = new BatchPlan(1000, null, null, DataShard.Whole).Batches(1, dropLast: false);

        foreach (var batch in new BatchPrefetch(samples, plan, workers: 3).Read(default).Take(5))
            batch.Dispose();

        Assert.InRange(loads, 5, 5 + 4);
        Assert.All(samples.Loaded, tensor => Assert.True(tensor.IsInvalid));
    }

    [Fact]
    public void Batches_that_are_skipped_are_disposed_of()
    {
        using var samples = new CountingSamples(5, () => { });
        var plan = new BatchPlan(5, null, null, DataShard.Whole).Batches(1, dropLast: false);

        var batches = new LoaderShard(samples, plan, skip: 3, batches: 2, new(), workers: 1).Read(default).ToArray();

        Assert.Equal(2, batches.Length);
        Assert.Equal(3, samples.Loaded.Count(tensor => tensor.IsInvalid));
    }

    [LinuxFact("a list of open files")]
    public void Files_that_are_no_data_together_are_not_kept_open()
    {
        var (good, other) = (_folder.File("1.npy"), _folder.File("2.bin"));
        File.Copy(Fixtures.Path("digits.calibration.npy"), good);
        File.WriteAllText(other, "text");

        AssertFails("UnknownDataFile", other, () => BnDataLoader.FromFiles([good, other], new()));

        Assert.DoesNotContain(Directory.GetFiles("/proc/self/fd"), file => new FileInfo(file).LinkTarget?.StartsWith(_folder.Path, StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void No_more_batches_wait_than_there_are_workers(int workers)
    {
        var (begun, loads) = (0, 0);
        using var samples = new CountingSamples(1000, () => Interlocked.Increment(ref loads));
        var plan = new BatchPlan(1000, null, null, DataShard.Whole).Batches(1, dropLast: false).Select(batch => (begun++, batch).batch);

        var ahead = new BatchPrefetch(samples, plan, workers).Read(default).Take(50).Select((batch, index) =>
        {
            batch.Dispose();
            return begun - (index + 1);
        }).ToArray();

        Assert.All(ahead, count => Assert.Equal(workers, count));
        Assert.InRange(loads, 50, begun);
    }

    public void Dispose() => _folder.Dispose();

    private static BnDataLoader Open(BnDataLoaderOptions options) =>
        BnDataLoader.FromFiles([Fixtures.Path("digits.calibration.npz")], options with { Order = options.Order ?? DataOrder.Sequential });

    private static long[] Sizes(BnDataLoaderOptions options)
    {
        using var loader = Open(options);
        return loader.Read().Select(batch => batch.Inputs[0].shape[0]).ToArray();
    }

    private static byte[] Npy(string type, string shape, byte[] data)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n";
        return [0x93, .. "NUMPY\x01\0"u8, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data];
    }

    private static void AssertFails(string errorId, string mentioned, Func<object> action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(mentioned, error.Message);
    }

    private sealed class CountingSamples(long count, Action onLoad) : ISampleSource
    {
        public long Count => count;

        public ConcurrentBag<Tensor> Loaded { get; } = [];

        public Batch Load(IReadOnlyList<long> indices)
        {
            onLoad();
            var tensor = zeros(1);
            Loaded.Add(tensor);
            return new Batch([tensor], isOwned: true);
        }

        public void Dispose()
        {
        }
    }
}

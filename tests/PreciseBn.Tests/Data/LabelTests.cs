using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Data.Tables;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Tests;

/// <summary>Labels stay with their items, in whatever order these come, and are no input.</summary>
public sealed class LabelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Labels_go_with_their_batch()
    {
        using var loader = Runs.LabelledDigits();
        var batch = loader.Read().First();
        Assert.False(batch.Labels!.IsInvalid);

        batch.Dispose();

        Assert.True(batch.Labels.IsInvalid);
    }

    // The items are numbers, of which each has itself as its label.
    [Theory]
    [InlineData(DataOrder.Sequential, null, 1)]
    [InlineData(DataOrder.Shuffled, null, 1)]
    [InlineData(DataOrder.Shuffled, 7L, 1)]
    [InlineData(DataOrder.Shuffled, null, 3)]
    public void Labels_follow_their_items(DataOrder order, long? take, int shards)
    {
        using var numbers = arange(20, ScalarType.Float32);
        using var loader = BnDataLoader.FromObjects([numbers, numbers], new() { LabelKey = "1", Order = order, Seed = 3, Take = take, BatchSize = 6 });
        var seen = new List<float>();

        foreach (var batch in Enumerable.Range(1, shards).SelectMany(shard => loader.Shard(DataShard.Parse($"{shard}/{shards}")).Read(default)))
        {
            Assert.Equal(batch.Inputs.Single().data<float>().ToArray(), batch.Labels!.data<float>().ToArray());
            seen.AddRange(batch.Labels.data<float>().ToArray());
        }

        Assert.Equal(take ?? 20, seen.Distinct().Count());
        Assert.Equal(order == DataOrder.Sequential, seen.SequenceEqual(seen.Order()));
    }

    [Fact]
    public void Labels_of_bytes_are_not_scaled()
    {
        using var loader = BnDataLoader.FromObjects(
            [new byte[] { 255, 0 }, new byte[] { 255, 7 }], new() { LabelKey = "1", Order = DataOrder.Sequential, Mean = [0.5] });

        using var batch = loader.Read().Single();

        Assert.Equal([0.5f, -0.5f], batch.Inputs.Single().data<float>());
        Assert.Equal(new byte[] { 255, 7 }, batch.Labels!.data<byte>());
    }

    [Fact]
    public void A_transform_leaves_labels_alone()
    {
        using var numbers = arange(5, ScalarType.Float32);
        using var loader = BnDataLoader.FromObjects([numbers, numbers], new() { LabelKey = "1", Transform = new("neg", batch => ((Tensor)batch).neg()) });

        using var batch = loader.Read().Single();

        Assert.Equal(batch.Labels!.data<float>().ToArray(), batch.Inputs.Single().data<float>().Select(value => -value));
    }

    [Fact]
    public void A_loader_gives_labels_when_it_is_asked_for_them()
    {
        var options = new BnDataLoaderOptions { Keys = ["images", "labels"], Order = DataOrder.Shuffled, Seed = 4, BatchSize = 100 };
        using var plain = BnDataLoader.FromFiles([Fixtures.Path("digits.test.npz")], options);
        using var labelled = plain.WithLabels("labels");

        foreach (var (before, after) in plain.Read().Zip(labelled.Read()))
        {
            Assert.Null(before.Labels);
            Assert.Equal(before.Inputs[1].data<long>().ToArray(), after.Labels!.data<long>().ToArray());
            Assert.True(allclose(before.Inputs[0], after.Inputs.Single(), 0, 0));
        }
        AssertFails("LabelNotFound", "'classes'", () => plain.WithLabels("classes"));
        AssertFails("LabelsNeeded", "'images', 'labels'", () => plain.WithLabels(null));
    }

    [Theory]
    [InlineData("table.csv", "f,class,g\n1,0,2\n3,1,4\n", "class")]
    [InlineData("table.csv", "f,class,g,h\n1,0,2,9\n3,1,4,9\n", "class")]
    public void A_column_of_a_table_has_labels(string name, string text, string key)
    {
        File.WriteAllText(_folder.File(name), text);
        using var loader = BnDataLoader.FromFiles(
            [_folder.File(name)], new() { LabelKey = key, Order = DataOrder.Sequential, ExcludeColumns = text.Contains('h') ? [ColumnPattern.Exactly("h")] : [] });

        using var batch = loader.Read().Single();

        Assert.Equal([1f, 2, 3, 4], batch.Inputs.Single().data<float>());
        Assert.Equal([0f, 1], batch.Labels!.data<float>());
        Assert.Equal(["f", "g"], loader.Columns);
    }

    [Fact]
    public void Tables_that_are_parts_of_one_have_labels_each()
    {
        File.WriteAllText(_folder.File("1.csv"), "f,class\n1,0\n2,1\n");
        File.WriteAllText(_folder.File("2.csv"), "class,f\n2,3\n");
        using var loader = BnDataLoader.FromFiles([_folder.File("1.csv"), _folder.File("2.csv")], new() { LabelKey = "class", Order = DataOrder.Sequential });

        using var batch = loader.Read().Single();

        Assert.Equal([1f, 2, 3], batch.Inputs.Single().data<float>());
        Assert.Equal([0f, 1, 2], batch.Labels!.data<float>());
    }

    [Fact]
    public void A_column_of_Parquet_has_labels()
    {
        using var loader = BnDataLoader.FromFiles([Fixtures.Path("tables/numbers.parquet")],
            new() { Columns = [ColumnPattern.Exactly("f")], LabelKey = "b", Order = DataOrder.Sequential });

        using var batch = loader.Read().Single();

        Assert.Equal(Enumerable.Range(0, 10).Select(i => i + 0.5f), batch.Inputs.Single().data<float>());
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (float)(i % 2)), batch.Labels!.data<float>());
    }

    [Fact]
    public void A_file_beside_the_images_of_MNIST_has_labels()
    {
        File.WriteAllBytes(_folder.File("t10k-images-idx3-ubyte"), [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 255, 0]);
        File.WriteAllBytes(_folder.File("t10k-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 2, 9, 4]);
        using var loader = BnDataLoader.FromFiles(
            [_folder.File("t10k-images-idx3-ubyte"), _folder.File("t10k-labels-idx1-ubyte")], new() { LabelKey = "t10k-labels-idx1-ubyte", Order = DataOrder.Sequential });

        using var batch = loader.Read().Single();

        Assert.Equal([1f, 0], batch.Inputs.Single().data<float>());
        Assert.Equal(new byte[] { 9, 4 }, batch.Labels!.data<byte>());
    }

    [Fact]
    public void A_file_of_CIFAR_has_labels()
    {
        File.WriteAllBytes(_folder.File("data_batch_1.bin"), [7, .. new byte[3072], 9, .. new byte[3072]]);
        using var loader = BnDataLoader.FromFiles([_folder.File("data_batch_1.bin")], new() { LabelKey = "labels", Order = DataOrder.Sequential });

        using var batch = loader.Read().Single();

        Assert.Equal([2, 3, 32, 32], batch.Inputs.Single().shape);
        Assert.Equal([7, 9], batch.Labels!.data<long>());
    }

    [Fact]
    public void A_dictionary_of_tensors_has_labels()
    {
        using var loader = BnDataLoader.FromFiles([Fixtures.Path("tensors/dictionary.pt")], new() { Keys = ["images"], LabelKey = "labels", Order = DataOrder.Sequential });

        using var batch = loader.Read().Single();

        Assert.Equal([7, 9], batch.Labels!.data<long>());
    }

    [Fact]
    public void Arrays_that_are_batches_have_labels_of_their_names()
    {
        var path = Fixtures.Path("two-inputs.batches.npz");
        using var loader = BnDataLoader.FromFiles([path], new() { AsBatches = true, Keys = ["left"], LabelKey = "right" });

        Assert.All(loader.Read(), batch => Assert.Equal((5, 3, batch.Inputs.Single().shape[0]), (batch.Inputs.Single().shape[1], batch.Labels!.shape[1], batch.Labels.shape[0])));
        AssertFails("LabelsOfBatches", "batch0.right", () => BnDataLoader.FromFiles([path], new() { AsBatches = true, LabelKey = "right" }));
        AssertFails("IncompleteBatch", "'batch0.other'", () => BnDataLoader.FromFiles([path], new() { AsBatches = true, Keys = ["left"], LabelKey = "other" }));
    }

    // As torchvision's ImageFolder counts them: cats 0, dogs 1.
    [Theory]
    [InlineData(DataOrder.Sequential)]
    [InlineData(DataOrder.Shuffled)]
    public void The_folder_of_an_image_is_its_class(DataOrder order)
    {
        using var images = BnDataLoader.FromFiles([Fixtures.Path("images")], new() { Size = 8, CropSize = 8, Order = order, BatchSize = 1 });
        using var labelled = images.WithLabels(null);

        Assert.Equal(order == DataOrder.Sequential ? [0L, 0, 1, 1, 1, 1] : [], order == DataOrder.Sequential ? labelled.Read().Select(batch => batch.Labels!.item<long>()) : []);
        Assert.All(labelled.Read(), batch => Assert.Equal(batch.Origin!.Contains("dogs", StringComparison.Ordinal) ? 1 : 0, batch.Labels!.item<long>()));
    }

    [Fact]
    public void Images_that_are_skipped_take_their_labels_with_them()
    {
        Directory.CreateDirectory(_folder.File("a"));
        Directory.CreateDirectory(_folder.File("b"));
        _folder.Copy("images/cats/tall.png", "b/good.png");
        File.WriteAllText(_folder.File("a/bad.png"), "nothing");
        using var loader = BnDataLoader.FromFiles([_folder.Path], new() { Size = 8, CropSize = 8, IsLabelled = true, SkipUnreadable = true });

        using var batch = loader.Read().Single();

        Assert.Equal((1, 1), (batch.Inputs[0].shape[0], batch.Labels!.item<long>()));
    }

    [Fact]
    public void Folders_that_do_not_tell_classes_are_refused()
    {
        Directory.CreateDirectory(_folder.File("a"));
        Directory.CreateDirectory(_folder.File("b"));
        _folder.Copy("images/cats/tall.png", "b/good.png");
        AssertFails("EmptyClass", _folder.File("a"), () => Labelled(null));
        AssertFails("OptionWithoutEffect", "'labels'", () => Labelled("labels"));

        Directory.Delete(_folder.File("a"));
        _folder.Copy("images/cats/tall.png", "loose.png");
        AssertFails("NoClasses", "loose.png", () => Labelled(null));

        BnDataLoader Labelled(string? key) => BnDataLoader.FromFiles([_folder.Path], new() { Size = 8, CropSize = 8, IsLabelled = true, LabelKey = key });
    }

    [Fact]
    public void Labels_that_are_too_few_are_refused()
    {
        AssertFails("NoArrays", "'0'", () => BnDataLoader.FromObjects([zeros(3)], new() { LabelKey = "0" }));
        AssertFails("LengthsDiffer", "'1' has 2", () => BnDataLoader.FromObjects([zeros(3), zeros(2)], new() { LabelKey = "1" }));
        AssertFails("LabelNotFound", "'2'", () => BnDataLoader.FromObjects([zeros(3), zeros(2)], new() { LabelKey = "2" }));
    }

    [Fact]
    public void Batches_in_memory_name_their_labels()
    {
        var dictionary = new System.Collections.Hashtable { ["x"] = zeros(2, 3), ["y"] = new long[] { 1, 2 } };

        Assert.Equal([1, 2], Only(dictionary, [], "y").Labels!.data<long>());
        Assert.Equal([2, 3], Only(dictionary, [], "y").Inputs.Single().shape);
        Assert.Equal([1, 2], Only(new object[] { zeros(2, 3), new long[] { 1, 2 } }, [], "1").Labels!.data<long>());
        Assert.Equal([1, 2], Only((new long[] { 1, 2 }, zeros(2, 3)), ["1"], "0").Labels!.data<long>());
        Assert.Null(Only(new object[] { zeros(2, 3), new long[] { 1, 2 } }, [], null).Labels);
        AssertFails("InputKeyNotFound", "'z'", () => Only(dictionary, ["x"], "z"));
        AssertFails("InputKeyNotFound", "'2'", () => Only(new object[] { zeros(2), zeros(2) }, [], "2"));
        AssertFails("LabelNotFound", "a single tensor", () => Only(zeros(2), [], "1"));

        static Batch Only(object item, string[] keys, string? label) => new EnumerableBatchSource([item], keys, label).Read(default).Single();
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertFails(string id, string message, Action action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(message, error.Message);
    }
}

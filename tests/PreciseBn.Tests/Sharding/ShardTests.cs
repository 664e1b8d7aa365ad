using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Sharding;
using PreciseBn.Tests.Support;
using TorchSharp;

namespace PreciseBn.Tests;

/// <summary>Shards are disjoint, together they are all of the data, and they are the same for every process.</summary>
public sealed class ShardTests
{
    private static readonly float[] Items = Enumerable.Range(0, 23).Select(i => (float)i).ToArray();

    [Theory]
    [InlineData(1, null)]
    [InlineData(4, null)]
    [InlineData(4, 7)]
    [InlineData(23, 7)]
    [InlineData(30, null)]
    public void Every_item_is_in_exactly_one_shard(int count, int? seed)
    {
        var shards = Shards(count).Select(shard => Read(Loader(seed: seed), shard).SelectMany(batch => batch).ToArray()).ToArray();

        Assert.Equal(Items, shards.SelectMany(items => items).Order());
        Assert.InRange(shards.Max(items => items.Length) - shards.Min(items => items.Length), 0, 1);
    }

    [Fact]
    public void Shards_are_the_same_in_every_process_and_others_for_another_seed()
    {
        var shard = DataShard.Parse("2/3");

        Assert.Equal(Read(Loader(seed: 7), shard), Read(Loader(seed: 7), shard));
        Assert.NotEqual(Read(Loader(seed: 7), shard), Read(Loader(seed: 8), shard));
    }

    [Fact]
    public void Batches_are_made_of_the_items_of_one_shard()
    {
        using var loader = Loader();
        var batches = Read(loader, DataShard.Parse("2/4"));

        Assert.Equal([[1, 5, 9, 13], [17, 21]], batches);
        Assert.Equal(2, loader.Shard(DataShard.Parse("2/4")).BatchCount);
    }

    [Fact]
    public void Some_batches_of_a_shard_are_read_without_the_others()
    {
        using var loader = Loader(batchSize: 1);
        var some = loader.Shard(DataShard.Parse("1/4"), skip: 2, take: 3);

        Assert.Equal(3, some.BatchCount);
        Assert.Equal([[8], [12], [16]], some.Read(default).Select(Numbers));
        var rest = loader.Shard(DataShard.Parse("1/4"), skip: 4);
        Assert.Equal((2, 2), (rest.BatchCount, rest.Read(default).Count()));
    }

    [Fact]
    public void Shards_of_shuffled_items_are_disjoint_without_a_seed_of_ones_own()
    {
        using var loader = BnDataLoader.FromObjects([Items], new());
        using var elsewhere = BnDataLoader.FromObjects([Items], new());

        var both = loader.Shard(DataShard.Parse("1/2")).Read(default).Concat(elsewhere.Shard(DataShard.Parse("2/2")).Read(default)).SelectMany(Numbers).ToArray();

        Assert.NotEqual(Items, both);
        Assert.Equal(Items, both.Order());
    }

    [Fact]
    public void Of_other_data_every_nth_batch_is_taken_and_the_first_of_all_comes_first()
    {
        var reading = new ShardReading(new EnumerableBatchSource(Items.Select(item => (object)new[] { item }), []), DataShard.Parse("3/5"), skip: 1);

        var batches = reading.Read(default).ToArray();

        Assert.Equal([0, 7, 12, 17, 22], batches.SelectMany(Numbers));
        Assert.Equal([false, true, true, true, true], batches.Select(batch => batch.IsCounted));
    }

    [Fact]
    public void Batches_of_other_shards_are_disposed_of()
    {
        var tensors = Enumerable.Range(0, 7).Select(_ => torch.zeros(1)).ToArray();
        var reading = new ShardReading(BatchSource.Of(tensors, TensorOwnership.Batch), DataShard.Parse("2/3"), skip: 0);

        foreach (var batch in reading.Read(default))
            Assert.All(batch.Inputs, input => Assert.False(input.IsInvalid));

        // The first, and those of this shard, are the reader's.
        Assert.Equal([0, 1, 4], tensors.Index().Where(item => !item.Item.IsInvalid).Select(item => item.Index));
    }

    [Theory]
    [InlineData("1/4", 0, "0 4 8 12 16 20")]
    [InlineData("1/4", 2, "(0) 8 12 16 20")]
    [InlineData("3/4", 0, "(0) 2 6 10 14 18 22")]
    public void The_first_batch_of_all_comes_first_uncounted_unless_it_is_read_anyway(string shard, int skip, string expected)
    {
        using var loader = Loader(batchSize: 1);

        var batches = new ShardReading(loader, DataShard.Parse(shard), skip).Read(default);

        Assert.Equal(expected, string.Join(' ', batches.Select(batch => batch.IsCounted ? $"{Numbers(batch)[0]}" : $"({Numbers(batch)[0]})")));
    }

    [Fact]
    public void Data_are_known_by_their_items_and_not_by_where_they_lie()
    {
        using var folder = new TemporaryFolder();
        using var original = Runs.Digits();
        using var copy = BnDataLoader.FromFiles([folder.Copy("digits.calibration.npz", "other.npz")], original.Options);
        using var others = BnDataLoader.FromFiles([Fixtures.Path("digits.test.npz")], original.Options);

        Assert.Equal(original.Identify(), copy.Identify());
        Assert.NotEqual(original.Identify(), others.Identify());
    }

    [Fact]
    public void The_same_bytes_in_another_shape_or_behind_a_transform_are_other_data()
    {
        string Identify(object array, BatchTransform? transform = null)
        {
            using var loader = BnDataLoader.FromObjects([array], new() { Transform = transform });
            return loader.Identify();
        }

        Assert.Equal(Identify(new float[2, 6]), Identify(new float[2, 6]));
        Assert.NotEqual(Identify(new float[2, 6]), Identify(new float[2, 2, 3]));
        Assert.NotEqual(Identify(new float[2, 6]), Identify(new float[2, 6], new BatchTransform("$_ * 2", batch => batch)));
    }

    [Theory]
    [InlineData("3")]
    [InlineData("0/4")]
    [InlineData("5/4")]
    [InlineData("1/0")]
    [InlineData("-1/4")]
    [InlineData("1/4/2")]
    [InlineData("a/b")]
    [InlineData("2..1/4")]
    [InlineData("0..1/4")]
    [InlineData("1..5/4")]
    [InlineData("1..2..3/4")]
    [InlineData("1/4..2/4")]
    public void What_is_no_shard_is_refused(string text)
    {
        Assert.Equal("NotAShard", Assert.Throws<PreciseBnException>(() => DataShard.Parse(text)).ErrorId);
        Assert.Equal("NotAShard", Assert.Throws<PreciseBnException>(() => DataShard.ParseRange(text)).ErrorId);
    }

    [Theory]
    [InlineData("3/16", "3/16")]
    [InlineData("3..3/16", "3/16")]
    [InlineData("15..16/16", "15/16 16/16")]
    public void Several_shards_are_a_range(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', DataShard.ParseRange(text)));

    [Theory]
    [InlineData("", "")]
    [InlineData("2", "2/9")]
    [InlineData("1 2", "1..2/9")]
    [InlineData("1 3 4 5 8 9", "1/9, 3..5/9, 8..9/9")]
    public void Shards_are_written_as_they_are_read(string numbers, string expected)
    {
        var indices = numbers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToArray();

        var text = DataShard.Join(indices, 9);

        Assert.Equal(expected, text);
        Assert.Equal(indices, text.Split(", ", StringSplitOptions.RemoveEmptyEntries).SelectMany(DataShard.ParseRange).Select(shard => shard.Index));
    }

    private static BnDataLoader Loader(int batchSize = 4, int? seed = null) =>
        BnDataLoader.FromObjects([Items], new() { BatchSize = batchSize, Order = seed is null ? DataOrder.Sequential : DataOrder.Shuffled, Seed = seed ?? 0 });

    private static IEnumerable<DataShard> Shards(int count) => Enumerable.Range(1, count).Select(index => DataShard.Parse($"{index}/{count}"));

    private static float[][] Read(BnDataLoader loader, DataShard shard) => loader.Shard(shard).Read(default).Select(Numbers).ToArray();

    private static float[] Numbers(Batch batch) => batch.Inputs[0].data<float>().ToArray();
}

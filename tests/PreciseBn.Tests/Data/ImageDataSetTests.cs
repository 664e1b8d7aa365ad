using System.IO.Compression;
using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>The files that MNIST and CIFAR come in are read as they are downloaded.</summary>
public sealed class ImageDataSetTests : IDisposable
{
    private const int CifarImage = 3 * 32 * 32;

    // Two images of 2 by 3: magic number 2051, then the sizes, all with the high byte first.
    private static readonly byte[] TwoImages = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, .. Enumerable.Range(0, 12).Select(i => (byte)(20 * i))];

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("train-images-idx3-ubyte", false)]
    [InlineData("train-images.idx3-ubyte", false)]
    [InlineData("t10k-images-idx3-ubyte.gz", true)]
    public void Images_of_MNIST_get_a_channel_and_are_divided_by_255(string name, bool isPacked)
    {
        using var loader = Open(Write(name, isPacked ? Pack(TwoImages) : TwoImages));

        using var batch = loader.Read().Single();

        Assert.Equal([2, 1, 2, 3], batch.Inputs[0].shape);
        Assert.Equal(new[] { 0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220 }.Select(value => value / 255f), batch.Inputs[0].data<float>());
    }

    [Fact]
    public void Numbers_of_several_bytes_have_the_high_byte_first()
    {
        using var loader = Open(Write("values", [0, 0, 0x0d, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0]));

        using var batch = loader.Read().Single();

        Assert.Equal([1f, -2.5f], batch.Inputs[0].data<float>());
    }

    [Fact]
    public void Images_and_labels_of_MNIST_are_inputs_by_the_names_of_their_files()
    {
        Write("images-idx3-ubyte", TwoImages);
        Write("labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 255, 0]);

        using var loader = BnDataLoader.FromFiles(
            [_folder.File("images-idx3-ubyte"), _folder.File("labels-idx1-ubyte")], new() { Order = DataOrder.Sequential, Keys = ["images-idx3-ubyte", "labels-idx1-ubyte"] });
        using var batch = loader.Read().Single();

        Assert.Equal([1f, 0f], batch.Inputs[1].data<float>());
    }

    [Fact]
    public void CIFAR_10_has_one_label_before_each_image()
    {
        using var loader = Open(Write("data_batch_1.bin", [7, .. Image(1), 9, .. Image(2)]));
        using var labels = Open(_folder.File("data_batch_1.bin"), new() { Keys = ["labels"], Order = DataOrder.Sequential });

        using var batch = loader.Read().Single();

        Assert.Equal([2, 3, 32, 32], batch.Inputs[0].shape);
        Assert.Equal(Image(1).Concat(Image(2)).Select(value => value / 255f), batch.Inputs[0].data<float>());
        Assert.Equal([7L, 9L], labels.Read().Single().Inputs[0].data<long>());
    }

    [Fact]
    public void CIFAR_100_has_two()
    {
        using var loader = Open(Write("train.bin", [19, 99, .. Image(3)]), new() { Keys = ["images", "coarse_labels", "labels"] });

        using var batch = loader.Read().Single();

        Assert.Equal(Image(3).Select(value => value / 255f), batch.Inputs[0].data<float>());
        Assert.Equal([19L, 99L], batch.Inputs.Skip(1).Select(input => input.item<long>()));
    }

    [Fact]
    public void Under_another_name_CIFAR_is_known_by_its_size()
    {
        using var ten = Open(Write("ten.bin", [7, .. Image(1)]));
        using var hundred = Open(Write("hundred.bin", [7, 80, .. Image(1)]));

        Assert.All(new[] { ten, hundred }, loader => Assert.Equal(Image(1).Select(value => value / 255f), loader.Read().Single().Inputs[0].data<float>()));
    }

    [Theory]
    [InlineData("train-images-idx3-ubyte")]
    [InlineData("train-images-idx3-ubyte.gz")]
    public void Half_a_file_is_an_error(string name)
    {
        var whole = name.EndsWith("gz", StringComparison.Ordinal) ? Pack(TwoImages) : TwoImages;
        var path = Write(name, whole[..^11]);

        AssertFails("TruncatedFile", path, () => Open(path).Read().First());
    }

    [Fact]
    public void A_packed_file_with_a_wrong_checksum_is_an_error()
    {
        var packed = Pack(TwoImages);
        packed[^8] ^= 1;
        var path = Write("train-images-idx3-ubyte.gz", packed);

        AssertFails("DamagedFile", path, () => Open(path).Read().First());
    }

    [Fact]
    public void A_packed_file_that_is_longer_than_it_says_is_an_error()
    {
        var path = Write("train-images-idx3-ubyte.gz", Pack([.. TwoImages, 1]));

        AssertFails("DamagedFile", path, () => Open(path).Read().First());
    }

    [Theory]
    [InlineData("idx", "0 0 8 3 255 255 255 255 255 255 255 255 255 255 255 255 1", "TruncatedFile")]
    [InlineData("idx", "0 0 8 1 0 0 0 1 1 1", "DamagedFile")]
    [InlineData("idx", "0 0 8 1", "TruncatedFile")]
    [InlineData("idx", "0 0 8 1 0 0 0 0", "NoItems")]
    [InlineData("idx", "0 0 7 1 0 0 0 1 1", "UnknownDataFile")]
    [InlineData("idx", "", "UnknownDataFile")]
    [InlineData("data_batch_1.bin", "1 2 3", "TruncatedFile")]
    [InlineData("data_batch_1.bin", "", "TruncatedFile")]
    [InlineData("other.bin", "1 2 3", "UnknownDataFile")]
    public void A_file_that_cannot_be_used_is_an_error(string name, string bytes, string errorId)
    {
        var path = Write(name, bytes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(byte.Parse).ToArray());

        AssertFails(errorId, path, () => Open(path));
    }

    [Fact]
    public void A_label_that_there_is_not_is_an_error()
    {
        AssertFails("DamagedFile", "record 1", () => Open(Write("data_batch_1.bin", [1, .. Image(1), 10, .. Image(2)])));
        AssertFails("UnknownDataFile", "other.bin", () => Open(Write("other.bin", [10, .. Image(1)])));
    }

    [Fact]
    public void A_packed_file_that_claims_more_than_it_can_hold_is_refused_before_memory_is_taken()
    {
        var path = Write("bomb.gz", Pack([0, 0, 8, 2, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1, 1]));
        var before = GC.GetAllocatedBytesForCurrentThread();

        AssertFails("TruncatedFile", path, () => Open(path));

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    public void Dispose() => _folder.Dispose();

    private static BnDataLoader Open(string path, BnDataLoaderOptions? options = null) => BnDataLoader.FromFiles([path], options ?? new() { Order = DataOrder.Sequential });

    private static byte[] Image(int seed) => Enumerable.Range(0, CifarImage).Select(i => (byte)((i * 7) + seed)).ToArray();

    private string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(_folder.File(name), bytes);
        return _folder.File(name);
    }

    private static byte[] Pack(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private static void AssertFails(string errorId, string mentioned, Func<object> action)
    {
        var error = Assert.Throws<PreciseBnException>(action);
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(mentioned, error.Message);
    }
}

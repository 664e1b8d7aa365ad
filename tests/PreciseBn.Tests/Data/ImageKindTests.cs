using PreciseBn.Data;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Images of every kind have the pixels that Pillow 11.1 gives them, to the byte.</summary>
public sealed class ImageKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<int> Kinds => [.. Enumerable.Range(0, Files("image-kinds").Length)];

    public static TheoryData<int> Cuts => [.. Enumerable.Range(0, Files("image-cuts").Length)];

    public static TheoryData<int> Orientations => [.. Enumerable.Range(0, Files("image-orientations").Length)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void All_kinds(int index) => AssertEqual("image-kinds", index, "", new());

    // Of a JPEG only the part is decoded that the cut needs.
    [Theory]
    [MemberData(nameof(Cuts))]
    public void The_part_that_is_cut_out(int index) => AssertEqual("image-cuts", index, "", new() { Size = 48, CropSize = 20 });

    [Theory]
    [MemberData(nameof(Cuts))]
    public void The_part_that_is_cut_out_of_a_larger_one(int index) =>
        AssertEqual("image-cuts", index, ".enlarged", new() { Size = 128, CropSize = 30 });

    [Theory]
    [MemberData(nameof(Cuts))]
    public void Greyscale(int index) => AssertEqual("image-cuts", index, ".grey", new() { Size = 48, CropSize = 20, Grayscale = true });

    [Theory]
    [MemberData(nameof(Orientations))]
    public void Upright(int index) => AssertEqual("image-orientations", index, "", new() { Size = 32, CropSize = 28, AutoOrient = true });

    [Theory]
    [MemberData(nameof(Orientations))]
    public void As_stored(int index) => AssertEqual("image-orientations", index, ".stored", new() { Size = 32, CropSize = 28 });

    [Fact]
    public void Greyscale_images_are_normalised_as_one_channel()
    {
        using var plain = BnDataLoader.FromFiles([Fixtures.Path("image-kinds")], new() { Order = DataOrder.Sequential, Grayscale = true });
        using var loader = BnDataLoader.FromFiles([Fixtures.Path("image-kinds")], new() { Order = DataOrder.Sequential, Grayscale = true, Mean = [0.25], StandardDeviation = [0.5] });

        using var expected = (plain.Read().First().Inputs[0] - 0.25f) / 0.5f;
        using var batch = loader.Read().First();

        Assert.Equal([26, 1, 37, 45], batch.Inputs[0].shape);
        Assert.Equal(expected.data<float>(), batch.Inputs[0].data<float>());
        Assert.Equal("WrongChannelCount", Assert.Throws<PreciseBnException>(() => BnDataLoader.FromFiles(
            [Fixtures.Path("image-kinds")], new() { Order = DataOrder.Sequential, Grayscale = true, Mean = [0.1, 0.2, 0.3] })).ErrorId);
    }

    // Pillow makes everything above 255 white there.
    [Fact]
    public void Sixteen_bits_of_grey_are_cut_to_the_upper_eight()
    {
        ushort[] values = [0x0000, 0x12ff, 0x8000, 0xffff];
        Png.Write(_folder.File("grey.png"), 4, 1, Png.Grey16, [0, .. values.SelectMany(value => new[] { (byte)(value >> 8), (byte)value })]);
        using var loader = BnDataLoader.FromFiles([_folder.Path], new() { Order = DataOrder.Sequential, Grayscale = true });

        using var batch = loader.Read().Single();

        Assert.Equal([0x00, 0x12, 0x80, 0xff], batch.Inputs[0].data<float>().Select(value => (int)MathF.Round(value * 255)));
    }

    public void Dispose() => _folder.Dispose();

    private static string[] Files(string folder) =>
        Directory.GetFiles(Fixtures.Path(folder)).Order(StringComparer.Ordinal).ToArray();

    private static void AssertEqual(string folder, int index, string expected, BnDataLoaderOptions options)
    {
        using var loader = BnDataLoader.FromFiles([Fixtures.Path(folder)], options with { BatchSize = 1, Order = DataOrder.Sequential });
        using var references = BnDataLoader.FromFiles(
            [Fixtures.Path($"{folder}{expected}.expected.npy")], new() { Order = DataOrder.Sequential, BatchSize = 1, Layout = ImageLayout.NHWC });
        using var image = loader.Read().ElementAt(index);
        using var reference = references.Read().ElementAt(index);

        Assert.Equal(Files(folder)[index], image.Origin);
        Assert.Equal(reference.Inputs[0].shape, image.Inputs[0].shape);
        Assert.Equal(reference.Inputs[0].data<float>(), image.Inputs[0].data<float>());
    }
}

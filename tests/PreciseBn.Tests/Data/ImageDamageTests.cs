using PreciseBn.Data;
using PreciseBn.Data.Images;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Files that are cut short, say that they are huge, or are none at all do not get into the statistics.</summary>
public sealed class ImageDamageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds =>
        ["bmp-24.bmp", "bmp-palette.bmp", "gif.gif", "jpeg-420.jpg", "jpeg-progressive.jpeg", "jpeg-cmyk.jpg", "png-16.png", "png-palette.png", "webp-lossy.webp", "webp-lossless.webp"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_image_that_is_cut_short_is_an_error_or_left_out_and_counted(string name)
    {
        Cut(Fixtures.Path($"image-kinds/{name}"), 0.7);
        File.Copy(Fixtures.Path("image-kinds/png-rgb.png"), _folder.File("z.png"));

        AssertUnreadable(new(), "ends too early");
    }

    [Theory]
    [InlineData("420.jpg")]
    [InlineData("grey.jpg")]
    public void A_JPEG_that_ends_behind_the_part_that_is_needed_is_one_too(string name)
    {
        Cut(Fixtures.Path($"image-cuts/{name}"), 0.95);
        File.Copy(Fixtures.Path("image-cuts/webp.webp"), _folder.File("z.webp"));

        AssertUnreadable(new() { Size = 48, CropSize = 20 }, "ends too early");
    }

    [Fact]
    public void An_image_that_says_it_is_huge_takes_no_memory()
    {
        Png.Write(_folder.File("a.png"), 20_000, 20_000, Png.Grey8, new byte[100]);
        File.Copy(Fixtures.Path("image-cuts/webp.webp"), _folder.File("z.webp"));

        AssertUnreadable(new() { Size = 48 }, "20000 by 20000 pixels");
    }

    [Fact]
    public void An_image_that_would_become_huge_is_an_error()
    {
        Png.Write(_folder.File("a.png"), 1, 10_000, Png.Grey8, new byte[20_000]);
        File.Copy(Fixtures.Path("image-cuts/webp.webp"), _folder.File("z.webp"));

        AssertUnreadable(new() { Size = 256, CropSize = 16 }, "256 by 2560000 pixels");
    }

    [Fact]
    public void What_one_image_was_decoded_into_is_used_for_the_next()
    {
        const int side = 2000;
        for (var i = 0; i < 3; i++)
            Png.Write(_folder.File($"{i}.png"), side, side, Png.Grey8, new byte[(side + 1) * side]);
        using var samples = new ImageSamples(ImageFolder.Find([_folder.Path]), [_folder.Path], new() { Size = 32, CropSize = 28 }, _ => { });
        samples.Load([0])!.Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();

        samples.Load([0, 1, 2])!.Dispose();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, side * side);
    }

    public void Dispose() => _folder.Dispose();

    private void Cut(string path, double part)
    {
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(_folder.File("a" + Path.GetExtension(path)), bytes[..(int)(bytes.Length * part)]);
    }

    // Of the two images in the folder the first cannot be read.
    private void AssertUnreadable(BnDataLoaderOptions options, string reason)
    {
        using var strict = BnDataLoader.FromFiles([_folder.Path], options with { Order = options.Order ?? DataOrder.Sequential });
        using var tolerant = BnDataLoader.FromFiles([_folder.Path], options with { SkipUnreadable = true });

        var error = Assert.Throws<PreciseBnException>(() => strict.Read().First());
        using var batch = tolerant.Read().Single();

        Assert.Equal("UnreadableImage", error.ErrorId);
        Assert.Contains(_folder.File("a."), error.Message);
        Assert.Contains(reason, error.Message);
        Assert.Equal((1, 1), (tolerant.Skipped, batch.Inputs[0].shape[0]));
        Assert.StartsWith(_folder.File("z."), batch.Origin);
    }
}

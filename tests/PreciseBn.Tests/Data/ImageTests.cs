using PreciseBn.Data;
using PreciseBn.Data.Images;
using PreciseBn.Primitives;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Images come out of a folder as out of torchvision: Resize(32), CenterCrop(28) of Pillow images.</summary>
public sealed class ImageTests : IDisposable
{
    private static readonly string[] Names =
        ["cats/tall.png", "cats/wide.png", "dogs/grey.png", "dogs/photo.jpg", "dogs/small.png", "dogs/transparent.png"];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, Names.Length)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void Images_are_those_of_torchvision_to_the_byte(int index)
    {
        using var loader = BnDataLoader.FromFiles([Fixtures.Path("images")], new() { Order = DataOrder.Sequential, BatchSize = 1, Size = 32, CropSize = 28 });
        using var references = BnDataLoader.FromFiles(
            [Fixtures.Path("images.expected.npy")], new() { Order = DataOrder.Sequential, BatchSize = 1, Layout = ImageLayout.NHWC });
        using var image = loader.Read().ElementAt(index);
        using var reference = references.Read().ElementAt(index);

        Assert.EndsWith(Names[index], image.Origin!.Replace('\\', '/'));
        Assert.Equal(reference.Inputs[0].data<float>(), image.Inputs[0].data<float>());
    }

    [Fact]
    public void Images_of_different_sizes_name_the_file()
    {
        using var loader = BnDataLoader.FromFiles([Fixtures.Path("images")], new() { Order = DataOrder.Sequential, BatchSize = 6 });

        var error = Assert.Throws<PreciseBnException>(() => loader.Read().First());

        Assert.Equal("ImageSizesDiffer", error.ErrorId);
        Assert.Contains("wide.png", error.Message);
    }

    [Fact]
    public void An_image_that_is_smaller_than_the_cut_names_the_file()
    {
        var error = Assert.Throws<PreciseBnException>(() => BnDataLoader.FromFiles([Fixtures.Path("images/dogs")], new() { CropSize = 40 }));

        Assert.Equal("ImageTooSmall", error.ErrorId);
        Assert.Contains("small.png' is 24 by 20 pixels, too small to cut out 40 by 40.", error.Message);
    }

    [Fact]
    public void Of_many_images_one_that_is_smaller_than_the_cut_may_be_found_as_late_as_it_is_read()
    {
        for (var i = 0; i < 20; i++)
            File.Copy(Fixtures.Path("images/cats/tall.png"), _folder.File($"{i:00}.png"));
        File.Copy(Fixtures.Path("images/dogs/small.png"), _folder.File("01.png"), overwrite: true);
        using var loader = BnDataLoader.FromFiles([_folder.Path], new() { Order = DataOrder.Sequential, Size = 26, CropSize = 26 });
        using var larger = BnDataLoader.FromFiles([_folder.Path], new() { Order = DataOrder.Sequential, CropSize = 26 });

        Assert.Equal(20, loader.Read().Single().ItemCount);
        Assert.Equal("ImageTooSmall", Assert.Throws<PreciseBnException>(() => larger.Read().First()).ErrorId);
    }

    [UnixTheory("files that have holes")]
    [InlineData(2L << 30)]
    [InlineData((2L << 30) - 1)]
    [InlineData(5L << 30)]
    public void A_file_of_more_than_2_GB_is_refused_before_it_is_read(long length)
    {
        using (var file = File.Create(_folder.File("large.png")))
            file.SetLength(length);
        using var loader = BnDataLoader.FromFiles([_folder.Path], new());
        var before = GC.GetTotalAllocatedBytes(precise: true);

        var error = Assert.Throws<PreciseBnException>(() => loader.Read().First());

        Assert.Equal("UnreadableImage", error.ErrorId);
        Assert.Contains("large.png", error.Message);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 100 << 20);
    }

    [Theory]
    [InlineData(30_000, 30_000)]
    [InlineData(50_000, 50_000)]
    [InlineData(int.MaxValue, 1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void An_image_that_says_it_is_huge_is_refused_before_it_is_decoded(int width, int height)
    {
        Png.Write(_folder.File("huge.png"), width, height, Png.Grey8, [0, 0]);
        using var loader = BnDataLoader.FromFiles([_folder.Path], new() { Size = 32 });
        var before = GC.GetTotalAllocatedBytes(precise: true);

        Assert.Equal("UnreadableImage", Assert.Throws<PreciseBnException>(() => loader.Read().First()).ErrorId);

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 100 << 20);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("")]
    public void A_file_that_is_no_image_is_an_error_or_is_left_out_and_counted(string text)
    {
        File.Copy(Fixtures.Path("images/cats/tall.png"), _folder.File("good.png"));
        File.WriteAllText(_folder.File("bad.png"), text);
        using var strict = BnDataLoader.FromFiles([_folder.Path], new() { Order = DataOrder.Sequential });
        using var tolerant = BnDataLoader.FromFiles([_folder.Path], new() { Order = DataOrder.Sequential, SkipUnreadable = true });

        var error = Assert.Throws<PreciseBnException>(() => strict.Read().First());
        using var batch = tolerant.Read().Single();

        Assert.Equal("UnreadableImage", error.ErrorId);
        Assert.Contains("bad.png", error.Message);
        Assert.Equal(1, batch.Inputs[0].shape[0]);
        Assert.Equal(1, tolerant.Skipped);
    }

    // The order of torchvision 0.21 in Linux, which is not that of the paths: '-' comes before '/', and '0' behind it, but before '\\'.
    [Fact]
    public void Images_come_by_class_then_folder_then_name()
    {
        string[] expected =
            ["top.png", "B/1.png", "a/10.png", "a/2.PNG", "a/sub/0.png", "a/sub-x/3.png", "a/sub/deep/1.png", "a/sub0/1.png", "a-b/1.png", "a.c/1.png"];
        foreach (var name in expected.Reverse())
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
            File.Copy(Fixtures.Path("images/dogs/small.png"), _folder.File(name));
        }
        using var loader = BnDataLoader.FromFiles([_folder.Path], new() { Order = DataOrder.Sequential, BatchSize = 1 });

        Assert.Equal(expected, loader.Read().Select(batch => Path.GetRelativePath(_folder.Path, batch.Origin!).Replace('\\', '/')));
    }

    [Fact]
    public void A_folder_without_images_is_an_error()
    {
        var error = Assert.Throws<PreciseBnException>(() => BnDataLoader.FromFiles([_folder.Path], new() { Order = DataOrder.Sequential }));

        Assert.Equal("NoImages", error.ErrorId);
    }

    [LinuxFact("links to folders")]
    public void Links_that_lead_back_are_not_followed_and_others_are()
    {
        using var folder = new TemporaryFolder();
        var (dogs, elsewhere) = (Directory.CreateDirectory(folder.File("set/dogs")).FullName, Directory.CreateDirectory(folder.File("elsewhere")).FullName);
        folder.Copy("image-orientations/1.jpg", "set/dogs/1.jpg");
        folder.Copy("image-orientations/1.jpg", "elsewhere/2.jpg");
        Directory.CreateSymbolicLink(System.IO.Path.Combine(dogs, "up"), folder.File("set"));
        Directory.CreateSymbolicLink(System.IO.Path.Combine(dogs, "self"), dogs);
        Directory.CreateSymbolicLink(folder.File("set/cats"), elsewhere);
        File.CreateSymbolicLink(folder.File("set/lost"), folder.File("nowhere"));

        var images = ImageFolder.Find([folder.File("set")]);

        Assert.Equal([folder.File("set/cats/2.jpg"), folder.File("set/dogs/1.jpg")], images.Select(image => image.Path));
    }

    public void Dispose() => _folder.Dispose();
}

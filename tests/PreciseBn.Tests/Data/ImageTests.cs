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
        using var loader = BnDataLoader.FromFiles([Fixtures.Path("images/dogs")], new() { Order = DataOrder.Sequential, CropSize = 40 });

        var error = Assert.Throws<PreciseBnException>(() => loader.Read().First());

        Assert.Equal("ImageTooSmall", error.ErrorId);
        Assert.Contains("small.png", error.Message);
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

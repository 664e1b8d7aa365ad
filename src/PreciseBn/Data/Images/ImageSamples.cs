using PreciseBn.Archives.Arrays;

namespace PreciseBn.Data.Images;

/// <summary>Image files as items: resized, cropped, channels first.</summary>
internal sealed class ImageSamples(IReadOnlyList<string> paths, BnDataLoaderOptions options, Action<string> onSkipped) : ISampleSource
{
    public long Count => paths.Count;

    /// <summary>The image files in the folders and below them, sorted by their full path.</summary>
    public static string[] Find(IReadOnlyList<string> folders) => folders.SelectMany(folder =>
    {
        var images = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(ImageDecoder.IsImageFile).Order(StringComparer.Ordinal).ToArray();
        return images.Length > 0 ? images : throw DataErrors.NoImages(folder);
    }).ToArray();

    public Batch? Load(IReadOnlyList<long> indices)
    {
        var images = new List<(string Path, PixelImage Image)>();
        foreach (var index in indices)
        {
            var path = paths[(int)index];
            if (TryRead(path) is not { } image)
                continue;
            if (images.Count > 0 && images[0].Image is var first && (first.Width != image.Width || first.Height != image.Height))
                throw DataErrors.SizesDiffer(path, image.Width, image.Height, first.Width, first.Height);
            images.Add((path, image));
        }
        return images.Count == 0 ? null : ToBatch(images);
    }

    public void Dispose()
    {
    }

    private PixelImage? TryRead(string path)
    {
        try
        {
            return Fit(path, ImageDecoder.Read(path));
        }
        catch (PreciseBnException e) when (options.SkipUnreadable && e.ErrorId == "UnreadableImage")
        {
            onSkipped(path);
            return null;
        }
    }

    private PixelImage Fit(string path, PixelImage image)
    {
        if (options.Size is { } size)
            image = BilinearResize.ShortSide(image, size);
        if (options.CropSize is not { } crop)
            return image;
        return image.Width >= crop && image.Height >= crop
            ? image.CropCentre(crop)
            : throw DataErrors.ImageTooSmall(path, image.Width, image.Height, crop);
    }

    private Batch ToBatch(List<(string Path, PixelImage Image)> images)
    {
        var first = images[0].Image;
        var pixels = new byte[images.Count * first.Pixels.Length];
        for (var i = 0; i < images.Count; i++)
            images[i].Image.Pixels.CopyTo(pixels, i * first.Pixels.Length);
        var array = StoredArray.InMemory(
            "images", DType.UInt8, [images.Count, first.Height, first.Width, PixelImage.Channels], () => pixels);
        var preparation = new ArrayPreparation(array, options with { Layout = ImageLayout.NHWC }, normalise: true);
        var origin = images.Count == 1 ? images[0].Path : $"{images[0].Path} and {images.Count - 1} more";
        return new ArraySamples([preparation], [], origin).Load(Enumerable.Range(0, images.Count).Select(i => (long)i).ToArray());
    }
}

using PreciseBn.Primitives;

namespace PreciseBn.Data.Images;

/// <summary>The size that an image is resized to, and the part of the result that goes to the model, in pixels.</summary>
internal readonly record struct ImageFit(int ResizedWidth, int ResizedHeight, int Left, int Top, int Width, int Height)
{
    // Where Pillow draws the line, against files that say they are huge.
    private const long MostPixels = 178_956_970;

    /// <summary>
    /// As torchvision's Resize and CenterCrop do it: the short side gets the given length, the long side is truncated; the
    /// position of the square is rounded to even.
    /// </summary>
    /// <exception cref="PreciseBnException">The image is smaller than the square, or too large.</exception>
    public static ImageFit Of(string path, int width, int height, BnDataLoaderOptions options)
    {
        Check(path, width, height);
        var (resizedWidth, resizedHeight) = options.Size is { } side ? Resize(path, width, height, side) : (width, height);
        if (options.CropSize is not { } crop)
            return new(resizedWidth, resizedHeight, 0, 0, resizedWidth, resizedHeight);
        return resizedWidth >= crop && resizedHeight >= crop
            ? new(resizedWidth, resizedHeight, Centre(resizedWidth - crop), Centre(resizedHeight - crop), crop, crop)
            : throw DataErrors.ImageTooSmall(path, (width, height), (resizedWidth, resizedHeight), crop);
    }

    private static (int Width, int Height) Resize(string path, long width, long height, long side)
    {
        var size = width <= height ? (Width: side, Height: side * height / width) : (Width: side * width / height, Height: side);
        Check(path, size.Width, size.Height);
        return ((int)size.Width, (int)size.Height);
    }

    private static void Check(string path, long width, long height)
    {
        if (width * height > MostPixels)
            throw DataErrors.UnreadableImage(path, $"{width} by {height} pixels are too many");
    }

    private static int Centre(int rest) => (int)Math.Round(rest / 2.0, MidpointRounding.ToEven);
}

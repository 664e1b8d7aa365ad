using System.Buffers;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Images;

/// <summary>Turns an image into what a model takes: decoded, resized, cut, channels first, normalised.</summary>
internal sealed class ImagePreparation(BnDataLoaderOptions options)
{
    private readonly ChannelScale _scale = new("images", Count(options), isByte: true, options, normalise: true);

    /// <summary>Number of channels of an item.</summary>
    public int Channels { get; } = Count(options);

    /// <summary>Decodes the part of the image that is needed, and writes the item.</summary>
    /// <param name="image">The image.</param>
    /// <param name="fit">How it becomes an item.</param>
    /// <param name="output">The item: channels, rows, columns.</param>
    /// <exception cref="PreciseBnException">The file is damaged.</exception>
    public void Prepare(EncodedImage image, ImageFit fit, Span<float> output)
    {
        var columns = new ResampleWeights(image.Width, fit.ResizedWidth, fit.Left, fit.Width);
        var rows = new ResampleWeights(image.Height, fit.ResizedHeight, fit.Top, fit.Height);
        var stride = fit.Width * EncodedImage.PixelBytes;
        using var resized = MemoryPool<byte>.Shared.Rent((stride * rows.InputCount) + BilinearResize.BlockBytes);
        image.Decode(rows.FirstInput..rows.EndInput, (row, pixels) =>
        {
            var needed = pixels[(columns.FirstInput * EncodedImage.PixelBytes)..(columns.EndInput * EncodedImage.PixelBytes)];
            if (options.Grayscale)
                Luma.Replace(needed);
            BilinearResize.AlongRow(needed, columns, resized.Memory.Span.Slice((row - rows.FirstInput) * stride, stride));
        });
        Write(resized.Memory.Span, stride, rows, fit, output);
    }

    private static int Count(BnDataLoaderOptions options) => options.Grayscale ? 1 : 3;

    private void Write(ReadOnlySpan<byte> resized, int stride, ResampleWeights rows, ImageFit fit, Span<float> output)
    {
        using var line = MemoryPool<byte>.Shared.Rent(stride + BilinearResize.BlockBytes);
        for (var row = 0; row < fit.Height; row++)
        {
            BilinearResize.AlongColumns(resized, stride, rows, row, line.Memory.Span);
            for (var channel = 0; channel < Channels; channel++)
            {
                _scale.Apply(channel, line.Memory.Span, channel, EncodedImage.PixelBytes,
                    output.Slice(((channel * fit.Height) + row) * fit.Width, fit.Width));
            }
        }
    }
}

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

/// <summary>Brightness by ITU-R 601-2, in the fixed point of Pillow's <c>convert("L")</c>.</summary>
internal static class Luma
{
    private const int Red = 19595;
    private const int Green = 38470;
    private const int Blue = 7471;
    private const int Half = 1 << 15;

    /// <summary>Gives all colours of each pixel the value of its luma.</summary>
    public static void Replace(Span<byte> pixels)
    {
        for (var i = 0; i < pixels.Length; i += EncodedImage.PixelBytes)
        {
            var luma = (byte)(((pixels[i] * Red) + (pixels[i + 1] * Green) + (pixels[i + 2] * Blue) + Half) >> 16);
            pixels.Slice(i, EncodedImage.PixelBytes).Fill(luma);
        }
    }
}

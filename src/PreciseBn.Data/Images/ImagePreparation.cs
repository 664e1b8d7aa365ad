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

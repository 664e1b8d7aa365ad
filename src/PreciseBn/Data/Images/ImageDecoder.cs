using SkiaSharp;

namespace PreciseBn.Data.Images;

/// <summary>Reads image files as RGB; transparency is left out, as torchvision's loader does.</summary>
internal static class ImageDecoder
{
    private static readonly HashSet<string> Endings =
        new([".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"], StringComparer.OrdinalIgnoreCase);

    public static bool IsImageFile(string path) => Endings.Contains(Path.GetExtension(path));

    /// <exception cref="PreciseBnException">The file is no image, or a damaged one.</exception>
    public static PixelImage Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var codec = SKCodec.Create(stream, out var reason)
                ?? throw DataErrors.UnreadableImage(path, $"it is no image of a known kind ({reason})");
            var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            using var bitmap = new SKBitmap(info);
            var result = codec.GetPixels(info, bitmap.GetPixels());
            return result == SKCodecResult.Success
                ? new PixelImage(info.Width, info.Height, DropAlpha(bitmap.GetPixelSpan()))
                : throw DataErrors.UnreadableImage(path, $"it is damaged ({result})");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DataErrors.UnreadableImage(path, e.Message);
        }
    }

    private static byte[] DropAlpha(ReadOnlySpan<byte> rgba)
    {
        var rgb = new byte[rgba.Length / 4 * PixelImage.Channels];
        for (int from = 0, to = 0; to < rgb.Length; from += 4, to += PixelImage.Channels)
        {
            rgb[to] = rgba[from];
            rgb[to + 1] = rgba[from + 1];
            rgb[to + 2] = rgba[from + 2];
        }
        return rgb;
    }
}

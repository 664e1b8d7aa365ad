namespace PreciseBn.Data.Images;

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

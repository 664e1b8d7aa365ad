using System.Runtime.InteropServices;
using SkiaSharp;

namespace PreciseBn.Data.Images;

/// <summary>Turns and mirrors pixels so that an image stands as its EXIF orientation (1 to 8) says.</summary>
internal static class ExifOrientation
{
    /// <summary>Whether rows become columns.</summary>
    public static bool SwapsSides(SKEncodedOrigin origin) => origin >= SKEncodedOrigin.LeftTop;

    /// <param name="origin">The orientation.</param>
    /// <param name="stored">The pixels as they are stored, of four bytes each.</param>
    /// <param name="width">The columns that are stored.</param>
    /// <param name="height">The rows that are stored.</param>
    /// <param name="upright">The pixels as they are to be seen.</param>
    public static void Apply(SKEncodedOrigin origin, ReadOnlySpan<byte> stored, int width, int height, Span<byte> upright)
    {
        var from = MemoryMarshal.Cast<byte, uint>(stored);
        var to = MemoryMarshal.Cast<byte, uint>(upright);
        var isMirrored = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var isFlipped = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        var (columnStep, rowStep) = SwapsSides(origin) ? (height, 1) : (1, width);
        for (var row = 0; row < height; row++)
        {
            var source = from.Slice((isFlipped ? height - 1 - row : row) * width, width);
            for (var column = 0; column < width; column++)
                to[(row * rowStep) + (column * columnStep)] = source[isMirrored ? width - 1 - column : column];
        }
    }
}

namespace PreciseBn.Data.Images;

/// <summary>An RGB image: three bytes a pixel, row by row.</summary>
internal sealed record PixelImage(int Width, int Height, byte[] Pixels)
{
    public const int Channels = 3;

    /// <summary>Cuts a square out of the centre, rounding its position as torchvision's CenterCrop does.</summary>
    public PixelImage CropCentre(int side)
    {
        var left = (int)Math.Round((Width - side) / 2.0, MidpointRounding.ToEven);
        var top = (int)Math.Round((Height - side) / 2.0, MidpointRounding.ToEven);
        var pixels = new byte[side * side * Channels];
        for (var row = 0; row < side; row++)
        {
            Pixels.AsSpan((((top + row) * Width) + left) * Channels, side * Channels)
                .CopyTo(pixels.AsSpan(row * side * Channels));
        }
        return new PixelImage(side, side, pixels);
    }
}

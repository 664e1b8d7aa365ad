namespace PreciseBn.Data.Images;

/// <summary>
/// Bilinear resampling with antialiasing as Pillow does it, and torchvision through it: each output pixel is a weighted
/// mean of the inputs below a triangle that widens with the reduction; rows first, rounded to bytes, then columns.
/// </summary>
internal static class BilinearResize
{
    // Pillow weighs in fixed point with this many bits behind the point (libImaging/Resample.c).
    private const int PrecisionBits = 32 - 8 - 2;

    /// <summary>Resizes so that the short side has the given length; the long side is truncated, as in torchvision.</summary>
    public static PixelImage ShortSide(PixelImage image, int side) => image.Width <= image.Height
        ? Resize(image, side, (int)((long)side * image.Height / image.Width))
        : Resize(image, (int)((long)side * image.Width / image.Height), side);

    private static PixelImage Resize(PixelImage image, int width, int height)
    {
        if (width == image.Width && height == image.Height)
            return image;
        var horizontal = width == image.Width ? image : ResizeRows(image, Weights.For(image.Width, width));
        return height == image.Height ? horizontal : ResizeColumns(horizontal, Weights.For(image.Height, height));
    }

    private static PixelImage ResizeRows(PixelImage image, Weights[] weights)
    {
        var output = new byte[weights.Length * image.Height * PixelImage.Channels];
        for (var row = 0; row < image.Height; row++)
        {
            var source = image.Pixels.AsSpan(row * image.Width * PixelImage.Channels, image.Width * PixelImage.Channels);
            var target = output.AsSpan(row * weights.Length * PixelImage.Channels);
            for (var column = 0; column < weights.Length; column++)
            {
                for (var channel = 0; channel < PixelImage.Channels; channel++)
                    target[(column * PixelImage.Channels) + channel] = Sum(source, channel, PixelImage.Channels, weights[column]);
            }
        }
        return new PixelImage(weights.Length, image.Height, output);
    }

    private static PixelImage ResizeColumns(PixelImage image, Weights[] weights)
    {
        var stride = image.Width * PixelImage.Channels;
        var output = new byte[weights.Length * stride];
        for (var row = 0; row < weights.Length; row++)
        {
            for (var i = 0; i < stride; i++)
                output[(row * stride) + i] = Sum(image.Pixels, i, stride, weights[row]);
        }
        return new PixelImage(image.Width, weights.Length, output);
    }

    private static byte Sum(ReadOnlySpan<byte> source, int start, int step, Weights weights)
    {
        var sum = 1 << (PrecisionBits - 1);
        for (var i = 0; i < weights.Values.Length; i++)
            sum += source[start + ((weights.First + i) * step)] * weights.Values[i];
        return (byte)Math.Clamp(sum >> PrecisionBits, 0, 255);
    }

    /// <summary>The inputs that an output pixel is made of.</summary>
    /// <param name="First">Index of the first of them.</param>
    /// <param name="Values">Their weights in fixed point.</param>
    private readonly record struct Weights(int First, int[] Values)
    {
        public static Weights[] For(int inputs, int outputs)
        {
            var scale = (double)inputs / outputs;
            var support = Math.Max(scale, 1);
            return Enumerable.Range(0, outputs).Select(output =>
            {
                var centre = (output + 0.5) * scale;
                var first = Math.Max(0, (int)(centre - support + 0.5));
                var last = Math.Min(inputs, (int)(centre + support + 0.5));
                var values = Enumerable.Range(first, last - first)
                    .Select(input => Math.Max(0, 1 - Math.Abs((input - centre + 0.5) / support))).ToArray();
                var total = values.Sum();
                return new Weights(first, Array.ConvertAll(values, value => Fixed(value / total)));
            }).ToArray();
        }

        private static int Fixed(double value) => (int)(0.5 + (value * (1 << PrecisionBits)));
    }
}

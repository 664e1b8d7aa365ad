using SkiaSharp;

namespace PreciseBn.Benchmarks.Images;

/// <summary>Photograph-like JPEG files: smooth shapes with some grain, so that they compress and decode as photographs do.</summary>
internal static class JpegFolder
{
    private const int Width = 500;
    private const int Height = 375;
    private const int Quality = 90;
    private const int Shapes = 60;
    private const int Grain = 12;
    private const int Seed = 1;

    /// <summary>Fills a folder, in subfolders of a class each, as torchvision's ImageFolder wants it.</summary>
    public static void Fill(string folder, int count)
    {
        var random = new Random(Seed);
        for (var i = 0; i < count; i++)
        {
            using var image = Draw(random);
            using var data = image.Encode(SKEncodedImageFormat.Jpeg, Quality);
            using var file = File.Create(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, $"class{i % 2}")).FullName, $"{i:00000}.jpg"));
            data.SaveTo(file);
        }
    }

    private static SKBitmap Draw(Random random)
    {
        var bitmap = new SKBitmap(Width, Height, isOpaque: true);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(Colour(random, byte.MaxValue));
        for (var i = 0; i < Shapes; i++)
        {
            using var paint = new SKPaint { Color = Colour(random, (byte)random.Next(40, 200)), IsAntialias = true };
            canvas.DrawCircle(random.Next(Width), random.Next(Height), random.Next(10, 120), paint);
        }
        var pixels = bitmap.GetPixelSpan();
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)Math.Clamp(pixels[i] + random.Next(-Grain, Grain + 1), 0, byte.MaxValue);
        return bitmap;
    }

    private static SKColor Colour(Random random, byte alpha) =>
        new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256), alpha);
}

using System.Buffers;
using System.Runtime.InteropServices;
using PreciseBn.Primitives;
using SkiaSharp;

namespace PreciseBn.Data.Images;

/// <summary>Takes a row of pixels, which is valid during the call only.</summary>
/// <param name="row">Which row it is.</param>
/// <param name="pixels">Red, green, blue and alpha of each pixel.</param>
internal delegate void RowHandler(int row, Span<byte> pixels);

/// <summary>An image file of which the size is known, and that is yet to be decoded.</summary>
internal sealed unsafe class EncodedImage : IDisposable
{
    /// <summary>Red, green, blue and alpha. Alpha is left out by whoever takes the pixels, as torchvision's loader does.</summary>
    public const int PixelBytes = 4;

    private const int StripRows = 16;

    private static ReadOnlySpan<byte> EndOfJpeg => [0xff, 0xd9];

    private readonly string _path;
    private readonly PinnedFile _file;
    private readonly SKData _data;
    private readonly SKCodec _codec;
    private readonly SKEncodedOrigin _origin;
    private readonly bool _endsWithMarker;

    /// <param name="path">The file.</param>
    /// <param name="isUpright">Whether it is turned as its EXIF orientation says.</param>
    /// <exception cref="PreciseBnException">The file cannot be read, or is no image.</exception>
    public EncodedImage(string path, bool isUpright)
    {
        _path = path;
        _file = new PinnedFile(path);
        _endsWithMarker = _file.Bytes.EndsWith(EndOfJpeg);
        _data = SKData.Create(_file.Address, _file.Bytes.Length);
        _codec = SKCodec.Create(_data)!;
        if (_codec is null)
        {
            Dispose();
            throw DataErrors.UnreadableImage(path, "it is no image of a known kind");
        }
        _origin = isUpright ? _codec.EncodedOrigin : SKEncodedOrigin.TopLeft;
        var isTurned = ExifOrientation.SwapsSides(_origin);
        (Width, Height) = isTurned ? (Stored.Height, Stored.Width) : (Stored.Width, Stored.Height);
    }

    /// <summary>Number of columns.</summary>
    public int Width { get; }

    /// <summary>Number of rows.</summary>
    public int Height { get; }

    private SKImageInfo Stored => new(_codec.Info.Width, _codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);

    /// <summary>Decodes the image, or of a JPEG only these rows, and hands them on from top to bottom.</summary>
    /// <exception cref="PreciseBnException">The file is damaged.</exception>
    public void Decode(Range rows, RowHandler handler)
    {
        var (top, height) = rows.GetOffsetAndLength(Height);
        if (_codec.EncodedFormat == SKEncodedImageFormat.Jpeg && _origin == SKEncodedOrigin.TopLeft)
        {
            DecodeRows(top, height, handler);
            return;
        }
        using var pixels = _origin == SKEncodedOrigin.TopLeft ? DecodeAll() : DecodeUpright();
        for (var row = top; row < top + height; row++)
            handler(row, pixels.Memory.Span.Slice(row * Width * PixelBytes, Width * PixelBytes));
    }

    public void Dispose()
    {
        _codec?.Dispose();
        _data.Dispose();
        _file.Dispose();
    }

    private IMemoryOwner<byte> DecodeUpright()
    {
        using var stored = DecodeAll();
        var upright = MemoryPool<byte>.Shared.Rent(Stored.BytesSize);
        ExifOrientation.Apply(_origin, stored.Memory.Span, Stored.Width, Stored.Height, upright.Memory.Span);
        return upright;
    }

    private IMemoryOwner<byte> DecodeAll()
    {
        var pixels = MemoryPool<byte>.Shared.Rent(Stored.BytesSize);
        using var pin = pixels.Memory.Pin();
        var result = _codec.GetPixels(Stored, (nint)pin.Pointer);
        if (result == SKCodecResult.Success)
            return pixels;
        pixels.Dispose();
        throw Damaged();
    }

    // Not with a subset of the columns: SkiaSharp 3.119 leaves its codec a pointer to one that is gone, which ends the process
    // when a file is cut short.
    private void DecodeRows(int top, int height, RowHandler handler)
    {
        var rowBytes = Stored.RowBytes;
        using var strip = MemoryPool<byte>.Shared.Rent(rowBytes * StripRows);
        using var pin = strip.Memory.Pin();
        Require(_codec.StartScanlineDecode(Stored) == SKCodecResult.Success);
        Require(top == 0 || _codec.SkipScanlines(top));
        // Only the rest tells whether a file ends too early, unless its last bytes do.
        var end = _endsWithMarker ? top + height : Height;
        for (var first = top; first < end; first += StripRows)
        {
            var count = Math.Min(StripRows, end - first);
            Require(_codec.GetScanlines((nint)pin.Pointer, count, rowBytes) == count);
            for (var row = first; row < Math.Min(first + count, top + height); row++)
                handler(row, strip.Memory.Span.Slice((row - first) * rowBytes, rowBytes));
        }
    }

    private void Require(bool isDecoded)
    {
        if (!isDecoded)
            throw Damaged();
    }

    private PreciseBnException Damaged() => DataErrors.UnreadableImage(_path, "it is damaged, or ends too early");
}

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

using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Formats;

/// <summary>The place in a file where the elements of a vector or scalar stand.</summary>
internal sealed record TensorSlot
{
    /// <summary>No layer has more channels than this; a file that says so asks for more memory than it deserves.</summary>
    public const int LongestVector = 1 << 24;

    public required SourceFile File { get; init; }

    public required DType DType { get; init; }

    public required int Length { get; init; }

    /// <summary>Where the first element is, counted from the start of the file.</summary>
    public required long Position { get; init; }

    /// <summary>Bytes from one element to the next.</summary>
    public required long Stride { get; init; }

    /// <summary>The zip entries whose checksums cover the elements, from the innermost out.</summary>
    public IReadOnlyList<ZipEntry> Containers { get; init; } = [];

    public long PositionOf(int element) => Position + (element * Stride);

    public double[] Read()
    {
        var values = new double[Length];
        var size = DType.Size();
        var buffer = new byte[size];
        var isContiguous = Stride == size;
        var bytes = isContiguous ? File.Read(Position, Length * size) : [];
        for (var i = 0; i < Length; i++)
        {
            if (!isContiguous)
                File.Read(PositionOf(i), buffer);
            values[i] = NumberFormat.Read(DType, isContiguous ? bytes.AsSpan(i * size) : buffer);
        }
        return values;
    }
}

using System.Security.Cryptography;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Models;

/// <summary>Tells on which model something was measured.</summary>
/// <param name="File">SHA-256 of the file, hexadecimal; <c>null</c> for a model in memory.</param>
/// <param name="Content">
/// SHA-256, hexadecimal, of all that measured statistics depend on: everything but the statistics of the measured layers
/// themselves. Those of other layers count, as these may normalise by them; tensors that are of other programs in the file alone do not.
/// </param>
internal sealed record ModelFingerprint(string? File, string Content)
{
    private const int BufferSize = 1 << 20;

    /// <summary>Reads the whole file, which stays open meanwhile, so that it is the one that runs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="measured">The layers whose statistics are measured.</param>
    public static ModelFingerprint Of(ModelFile model, IReadOnlyCollection<StoredLayer> measured)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var content = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var apart = model.FindApart();
        foreach (var file in model.Files)
        {
            var changing = ChangingBytes(file, measured).Order().ToArray();
            var buffer = new byte[BufferSize];
            for (var position = 0L; position < file.Length; position += BufferSize)
            {
                var block = buffer.AsSpan(0, (int)Math.Min(BufferSize, file.Length - position));
                file.Read(position, block);
                all.AppendData(block);
                Blank(block, position, changing);
                foreach (var range in apart)
                    Clear(block, position, range);
                content.AppendData(block);
            }
        }
        return new ModelFingerprint(Hexadecimal(all), Hexadecimal(content));
    }

    internal static string Hexadecimal(IncrementalHash hash) => Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();

    private static IEnumerable<(long Position, int Length)> ChangingBytes(SourceFile file, IReadOnlyCollection<StoredLayer> layers)
    {
        var slots = layers.SelectMany(layer => new[] { layer.Mean, layer.Variance, layer.BatchesTracked })
            .OfType<TensorSlot>().Where(slot => slot.File == file).ToArray();
        foreach (var slot in slots)
        {
            for (var i = 0; i < slot.Length; i++)
                yield return (slot.PositionOf(i), slot.DType.Size());
        }
        foreach (var container in slots.SelectMany(slot => slot.Containers).Distinct())
        {
            foreach (var position in ArchivePatch.ChecksumPositions(file, container))
                yield return (position, sizeof(uint));
        }
    }

    private static void Blank(Span<byte> block, long start, (long Position, int Length)[] ranges)
    {
        // A range may have begun in the block before.
        var first = Array.BinarySearch(ranges, (start - sizeof(long), 0));
        for (var i = first < 0 ? ~first : first; i < ranges.Length && ranges[i].Position < start + block.Length; i++)
            Clear(block, start, new ByteRange(ranges[i].Position, ranges[i].Length));
    }

    private static void Clear(Span<byte> block, long start, ByteRange range)
    {
        var from = Math.Clamp(range.Position - start, 0, block.Length);
        var to = Math.Clamp(range.End - start, from, block.Length);
        block[(int)from..(int)to].Clear();
    }
}

using Microsoft.Win32.SafeHandles;
using PreciseBn.Files;
using PreciseBn.Formats;
using PreciseBn.Primitives;

namespace PreciseBn.Averaging;

/// <summary>
/// Writes the average of the weights of several files into a copy of the last. Some megabytes of each file are averaged at a time, so that
/// neither the size of the files nor their number takes memory.
/// </summary>
/// <param name="last">The last file, whose copy is changed.</param>
/// <param name="inputs">All files, in their order.</param>
/// <param name="blocks">The memories of the last file that have weights.</param>
/// <param name="progress">Told about every file of which a part was read.</param>
internal sealed class AverageWriter(
    SourceFile last, IReadOnlyList<InputWeights> inputs, IReadOnlyList<WeightBlock> blocks, IProgress<AverageProgress>? progress)
{
    private const int MostBytes = 2 << 20;
    private const int SmallestNumber = 2;

    // What is read of the last file stays, where it is not averaged.
    private readonly InputWeights[] _read = inputs.Where((input, i) => input.Weight > 0 || i == inputs.Count - 1).ToArray();
    private readonly byte[][] _buffers = [new byte[MostBytes], new byte[MostBytes]];
    private readonly WeightedMean _means = new(MostBytes / SmallestNumber);
    private readonly double _weights = inputs.Sum(input => input.Weight);

    /// <summary>Changes the copy.</summary>
    /// <exception cref="PreciseBnException">A file is damaged or has changed, or a number in it is not finite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Write(SafeFileHandle copy, CancellationToken cancellation)
    {
        var total = blocks.Sum(block => block.Memory.Size) * _read.Length;
        var done = 0L;
        foreach (var reading in ReadAhead())
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var piece in reading.Pieces.Where(_ => reading.Input.Weight > 0))
                Add(piece, reading.BytesOf(piece), reading.Input);
            done += reading.Pieces.Sum(piece => (long)piece.Length);
            progress?.Report(new AverageProgress(reading.Input.Path, (double)done / total));
            foreach (var piece in reading.Pieces.Where(_ => reading.Input == _read[^1]))
            {
                Round(piece, reading.BytesOf(piece));
                RandomAccess.Write(copy, reading.BytesOf(piece), blocks[piece.Block].Memory.Position + piece.Start);
            }
        }
        ArchivePatch.MendChecksums(copy, last, blocks.Select(block => block.Memory.Containers).ToArray());
        foreach (var input in inputs)
            input.RequireUnchanged();
    }

    // While something is averaged, the next is read.
    private IEnumerable<Reading> ReadAhead()
    {
        Reading? ready = null;
        foreach (var next in Readings())
        {
            var reading = Task.Run(next.Read);
            try
            {
                if (ready is not null)
                    yield return ready;
            }
            finally
            {
                Task.WhenAny(reading).Wait();
            }
            reading.GetAwaiter().GetResult();
            ready = next;
        }
        if (ready is not null)
            yield return ready;
    }

    private IEnumerable<Reading> Readings() => ReadTogether().SelectMany(pieces => _read.Select(input => (Pieces: pieces, Input: input)))
        .Select((next, i) => new Reading(next.Pieces, next.Input, _buffers[i % _buffers.Length]));

    // Small blocks together, large ones in pieces.
    private IEnumerable<List<Piece>> ReadTogether()
    {
        var pieces = new List<Piece>();
        var at = 0;
        for (var block = 0; block < blocks.Count; block++)
        {
            for (var start = 0L; start < blocks[block].Memory.Size;)
            {
                var length = (int)Math.Min(blocks[block].Memory.Size - start, MostBytes - at);
                pieces.Add(new Piece(block, start, length, at));
                start += length;
                // The next may be of longer numbers.
                at = (at + length + sizeof(double) - 1) / sizeof(double) * sizeof(double);
                if (at < MostBytes)
                    continue;
                yield return pieces;
                (pieces, at) = ([], 0);
            }
        }
        if (pieces.Count > 0)
            yield return pieces;
    }

    private void Add(Piece piece, ReadOnlySpan<byte> bytes, InputWeights input)
    {
        var type = blocks[piece.Block].DType;
        if (input == _read[0])
            _means.Begin(type, bytes, IndexOf(piece), input.Weight);
        else
            _means.Add(type, bytes, IndexOf(piece), input.Weight);
    }

    private void Round(Piece piece, Span<byte> bytes)
    {
        var (_, type, ranges, _) = blocks[piece.Block];
        var (first, count) = (piece.Start / type.Size(), piece.Length / type.Size());
        foreach (var range in ranges)
        {
            var end = Math.Min(range.End - first, count);
            for (var i = Math.Max(range.Start - first, 0); i < end; i++)
            {
                var value = _means.Of(IndexOf(piece) + (int)i, _weights);
                if (!double.IsFinite(value))
                    throw WhyNotFinite(piece.Block, first + i);
                NumberFormat.Write(type, value, bytes[((int)i * type.Size())..]);
            }
        }
    }

    private PreciseBnException WhyNotFinite(int block, long element)
    {
        var name = blocks[block].NameOf(element);
        foreach (var input in inputs.Where(input => input.Weight > 0))
        {
            if (input.ReadNumber(block, blocks[block].DType, element) is var number && !double.IsFinite(number))
                return AveragingErrors.NotFinite(input.Path, name, number);
        }
        return AveragingErrors.TooLarge(last.Path, name);
    }

    private static int IndexOf(Piece piece) => piece.At / SmallestNumber;

    private sealed record Reading(List<Piece> Pieces, InputWeights Input, byte[] Bytes)
    {
        public Span<byte> BytesOf(Piece piece) => Bytes.AsSpan(piece.At, piece.Length);

        public void Read()
        {
            using var file = Input.Open();
            foreach (var piece in Pieces)
                Input.Read(file, piece, BytesOf(piece));
        }
    }
}

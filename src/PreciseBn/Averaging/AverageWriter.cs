using System.Runtime.InteropServices;
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

/// <summary>
/// Means, in float64, of the numbers of several files. Sums of shorter numbers with whole weights are exact, so that a mean halfway between two
/// of them is rounded as it is to be. Of float64 the distances from the first file are summed, so that the mean of equal
/// numbers is that number.
/// </summary>
internal sealed class WeightedMean(int capacity)
{
    private readonly double[] _origins = new double[capacity];
    private readonly double[] _sums = new double[capacity];

    /// <summary>Begins with the numbers of the first file.</summary>
    /// <param name="type">Their format.</param>
    /// <param name="bytes">The numbers.</param>
    /// <param name="at">The index of the first mean.</param>
    /// <param name="weight">What they count for.</param>
    public void Begin(DType type, ReadOnlySpan<byte> bytes, int at, double weight)
    {
        var count = bytes.Length / type.Size();
        _origins.AsSpan(at, count).Clear();
        _sums.AsSpan(at, count).Clear();
        if (type == DType.Float64)
            MemoryMarshal.Cast<byte, double>(bytes).CopyTo(_origins.AsSpan(at, count));
        Add(type, bytes, at, weight);
    }

    /// <summary>Adds the numbers of another file.</summary>
    public void Add(DType type, ReadOnlySpan<byte> bytes, int at, double weight)
    {
        switch (type)
        {
            case DType.Float32: Add<float, Single>(bytes, at, weight); break;
            case DType.Float64: Add<double, Double>(bytes, at, weight); break;
            case DType.Float16: Add<Half, HalfPrecision>(bytes, at, weight); break;
            default: Add<ushort, BrainFloat>(bytes, at, weight); break;
        }
    }

    /// <summary>The mean at an index.</summary>
    /// <param name="index">The index.</param>
    /// <param name="weights">The sum of all weights.</param>
    public double Of(int index, double weights) => _origins[index] + (_sums[index] / weights);

    private void Add<TStored, TFormat>(ReadOnlySpan<byte> bytes, int at, double weight)
        where TStored : unmanaged
        where TFormat : IFormat<TStored>
    {
        var numbers = MemoryMarshal.Cast<byte, TStored>(bytes);
        var origins = _origins.AsSpan(at, numbers.Length);
        var sums = _sums.AsSpan(at, numbers.Length);
        for (var i = 0; i < numbers.Length; i++)
            sums[i] += weight * (TFormat.Widen(numbers[i]) - origins[i]);
    }

    private interface IFormat<TStored>
    {
        static abstract double Widen(TStored number);
    }

    private readonly struct Single : IFormat<float>
    {
        public static double Widen(float number) => number;
    }

    private readonly struct Double : IFormat<double>
    {
        public static double Widen(double number) => number;
    }

    private readonly struct HalfPrecision : IFormat<Half>
    {
        public static double Widen(Half number) => (double)number;
    }

    private readonly struct BrainFloat : IFormat<ushort>
    {
        public static double Widen(ushort number) => BitConverter.UInt32BitsToSingle((uint)number << 16);
    }
}

using PreciseBn.Batches;
using PreciseBn.Files;
using PreciseBn.Native;
using PreciseBn.Primitives;
using static TorchSharp.torch;

namespace PreciseBn.Recalibration;

/// <summary>
/// The values of batches between two segments of a model: in memory as far as there is room, and else in a temporary file. They are read
/// once, and then gone.
/// </summary>
/// <param name="model">The model, for messages.</param>
/// <param name="room">The memory for them.</param>
internal sealed class KeptBatches(string model, KeptMemory room) : IBatchSource, IDisposable
{
    private readonly Queue<KeptBatch> _batches = [];
    private FileStream? _file;

    public long? BatchCount => _batches.Count;

    /// <summary>The bytes that a value takes.</summary>
    public static long SizeOf(Tensor value) => ExtentOf(value) * value.element_size();

    /// <summary>Keeps the values of a batch, and disposes of them sooner or later.</summary>
    /// <exception cref="PreciseBnException">There is no room in the folder of temporary files.</exception>
    public void Add(IReadOnlyList<Tensor> values, string? origin)
    {
        var size = values.Sum(SizeOf);
        if (room.TryTake(size))
        {
            _batches.Enqueue(new KeptBatch(origin, size, values.Select(Own).ToArray(), []));
            return;
        }
        try
        {
            _batches.Enqueue(new KeptBatch(origin, 0, [], values.Select(Write).ToArray()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw RecalibrationErrors.ValuesNotKept(model, e);
        }
        finally
        {
            foreach (var value in values)
                value.Dispose();
        }
    }

    public IEnumerable<Batch> Read(CancellationToken cancellation)
    {
        while (_batches.TryDequeue(out var kept))
        {
            Tensor[] values;
            try
            {
                values = [.. kept.Values, .. kept.Places.Select(Read)];
            }
            catch (IOException e)
            {
                throw RecalibrationErrors.ValuesNotKept(model, e);
            }
            yield return new Batch(values, isOwned: true, kept.Origin);
            room.GiveBack(kept.Size);
        }
    }

    public void Dispose()
    {
        while (_batches.TryDequeue(out var kept))
        {
            foreach (var value in kept.Values)
                value.Dispose();
            room.GiveBack(kept.Size);
        }
        _file?.Dispose();
    }

    // Numbers from the first to the last in memory: some of a larger tensor need not lie side by side.
    private static long ExtentOf(Tensor value) =>
        value.numel() == 0 ? 0 : 1 + value.shape.Zip(value.stride(), (size, stride) => (size - 1) * stride).Sum();

    // Part of a larger tensor would keep that in memory.
    private static Tensor Own(Tensor value)
    {
        if (value.FindStorage()?.Bytes == SizeOf(value))
            return value;
        using (value)
        using (var numbers = NumbersOf(value))
        using (var copy = numbers.clone())
            return copy.as_strided(value.shape, value.stride(), 0).DetachFromDisposeScope();
    }

    // All that lies between the first and the last, in the order of memory.
    private static Tensor NumbersOf(Tensor value) => value.as_strided([ExtentOf(value)], [1], value.storage_offset());

    private KeptPlace Write(Tensor value)
    {
        using var scope = NewDisposeScope();
        _file ??= TemporaryFile.CreateNameless();
        var place = new KeptPlace(_file.Length, ExtentOf(value), value.dtype, value.shape, value.stride());
        _file.Position = place.Position;
        foreach (var piece in Pieces(NumbersOf(value)))
            _file.Write(piece.Unmarked().bytes);
        return place;
    }

    private Tensor Read(KeptPlace place)
    {
        using var scope = NewDisposeScope();
        var numbers = empty(place.Extent, place.Type);
        _file!.Position = place.Position;
        foreach (var piece in Pieces(numbers))
            _file.ReadExactly(piece.bytes);
        return numbers.as_strided(place.Shape, place.Strides, 0).DetachFromDisposeScope();
    }

    // A span has no more than 2 GiB.
    private static IEnumerable<Tensor> Pieces(Tensor numbers)
    {
        const long Piece = 1 << 27;
        for (var start = 0L; start < numbers.numel(); start += Piece)
            yield return numbers.narrow(0, start, Math.Min(Piece, numbers.numel() - start));
    }

    private sealed record KeptBatch(string? Origin, long Size, Tensor[] Values, KeptPlace[] Places);

    private sealed record KeptPlace(long Position, long Extent, ScalarType Type, long[] Shape, long[] Strides);
}

/// <summary>The memory for values that are kept.</summary>
/// <param name="limit">The most bytes.</param>
internal sealed class KeptMemory(long limit)
{
    private long _taken;

    /// <summary>Takes some of it, if so much is left.</summary>
    public bool TryTake(long bytes)
    {
        if (bytes > limit - _taken)
            return false;
        _taken += bytes;
        return true;
    }

    public void GiveBack(long bytes) => _taken -= bytes;
}

using System.Security.Cryptography;
using PreciseBn.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>The bytes of tensors, which may have more of them than fit into one span.</summary>
internal static class TensorBytes
{
    private const int BlockSize = 1 << 30;

    /// <summary>
    /// The same numbers, with bytes that say the same: those of a tensor that libtorch has only marked as conjugated or negated, as the
    /// imaginary part of a conjugate, have other signs.
    /// </summary>
    /// <returns>A tensor of the caller's, which may share its memory.</returns>
    public static Tensor Unmarked(this Tensor tensor)
    {
        using var plain = tensor.resolve_conj();
        return plain.resolve_neg();
    }

    /// <summary>The memory that a tensor lies in, with whatever else lies there.</summary>
    /// <returns>Its address and its bytes; <c>null</c> for a type of numbers of which TorchSharp does not tell.</returns>
    public static (nint Address, long Bytes)? FindStorage(this Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float32 => FindStorage<float>(tensor),
        ScalarType.Float64 => FindStorage<double>(tensor),
        ScalarType.Int64 => FindStorage<long>(tensor),
        _ => null,
    };

    private static (nint Address, long Bytes) FindStorage<T>(Tensor tensor)
        where T : unmanaged
    {
        // A storage holds a tensor of its own, and lets go of it without disposing of it.
        using var scope = NewDisposeScope();
        var storage = tensor.storage<T>();
        return (storage.data_ptr(), (long)storage.nbytes());
    }

    /// <summary>The bytes of some items along the first dimension.</summary>
    /// <param name="tensor">A contiguous tensor in the memory of the processor; it has to outlive the span.</param>
    /// <param name="first">Index of the first item.</param>
    /// <param name="count">Number of items; they take at most 2 GiB.</param>
    public static Span<byte> OfItems(Tensor tensor, long first, long count = 1)
    {
        using var items = tensor.narrow(0, first, count);
        return items.bytes;
    }

    /// <summary>Whether two tensors have the same shape, type and bytes, so that no number differs, not in its sign if it is 0 or NaN.</summary>
    public static bool AreSame(Tensor one, Tensor other)
    {
        if (one.dtype != other.dtype || !one.shape.SequenceEqual(other.shape))
            return false;
        // Tensors of that device have no numbers.
        if (one.device_type == DeviceType.META || other.device_type == DeviceType.META)
            return one.device_type == other.device_type;
        using var scope = NewDisposeScope();
        var (ones, others) = (FlatOnHost(one), FlatOnHost(other));
        var block = BlockSize / Math.Max(1, one.ElementSize);
        for (var at = 0L; at < ones.shape[0]; at += block)
        {
            var count = Math.Min(block, ones.shape[0] - at);
            if (!OfItems(ones, at, count).SequenceEqual(OfItems(others, at, count)))
                return false;
        }
        return true;
    }

    /// <summary>Adds all bytes to a hash.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="tensor">A contiguous tensor in the memory of the processor.</param>
    public static void Append(this IncrementalHash hash, Tensor tensor)
    {
        using var flat = tensor.view(-1);
        var block = BlockSize / tensor.ElementSize;
        for (var at = 0L; at < flat.shape[0]; at += block)
            hash.AppendData(OfItems(flat, at, Math.Min(block, flat.shape[0] - at)));
    }

    private static Tensor FlatOnHost(Tensor tensor) => tensor.detach().cpu().contiguous().view(-1);
}

/// <summary>The number formats of files as those of tensors.</summary>
internal static class ScalarTypes
{
    public static ScalarType ToScalarType(this DType type) => type switch
    {
        DType.Float32 => ScalarType.Float32,
        DType.Float64 => ScalarType.Float64,
        DType.Float16 => ScalarType.Float16,
        DType.BFloat16 => ScalarType.BFloat16,
        DType.Int64 => ScalarType.Int64,
        DType.Int32 => ScalarType.Int32,
        DType.Int16 => ScalarType.Int16,
        DType.Int8 => ScalarType.Int8,
        DType.UInt8 => ScalarType.Byte,
        DType.Bool => ScalarType.Bool,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    public static DType ToDType(this ScalarType type) => type switch
    {
        ScalarType.Float32 => DType.Float32,
        ScalarType.Float64 => DType.Float64,
        ScalarType.Float16 => DType.Float16,
        ScalarType.BFloat16 => DType.BFloat16,
        ScalarType.Int64 => DType.Int64,
        ScalarType.Int32 => DType.Int32,
        ScalarType.Int16 => DType.Int16,
        ScalarType.Int8 => DType.Int8,
        ScalarType.Byte => DType.UInt8,
        ScalarType.Bool => DType.Bool,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}

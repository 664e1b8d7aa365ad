using System.Security.Cryptography;
using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>The bytes of tensors, which may have more of them than fit into one span.</summary>
internal static class TensorBytes
{
    private const int BlockSize = 1 << 30;

    /// <summary>The bytes of some items along the first dimension.</summary>
    /// <param name="tensor">A contiguous tensor in the memory of the processor; it has to outlive the span.</param>
    /// <param name="first">Index of the first item.</param>
    /// <param name="count">Number of items; they take at most 2 GiB.</param>
    public static Span<byte> OfItems(Tensor tensor, long first, long count = 1)
    {
        using var items = tensor.narrow(0, first, count);
        return items.bytes;
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
}

using PreciseBn.Batches;
using static TorchSharp.torch;

namespace PreciseBn.Models;

/// <summary>Lays tensors of images and volumes, and weights of convolutions, out with the channels last.</summary>
internal static class ChannelsLast
{
    /// <summary>The same values in another order in memory; <c>null</c> for a tensor that has no such order.</summary>
    /// <param name="tensor">A tensor [N, C, H, W] or [N, C, D, H, W].</param>
    public static Tensor? TryArrange(Tensor tensor) => tensor.dim() switch
    {
        4 => tensor.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
        5 => tensor.permute(0, 2, 3, 4, 1).contiguous().permute(0, 4, 1, 2, 3),
        _ => null,
    };

    /// <summary>
    /// The same weights in that order in memory; <c>null</c> for those that have one order only, and for statistics, which lie where they
    /// have been put: no two numbers of theirs are side by side.
    /// </summary>
    public static Tensor? TryArrangeWeights(Tensor tensor, MemoryFormat format)
    {
        if (tensor.dim() is not (4 or 5) || !tensor.stride().Contains(1))
            return null;
        return format == MemoryFormat.ChannelsLast ? TryArrange(tensor) : tensor.contiguous();
    }

    /// <summary>The inputs so; they last as long as the scope that is open.</summary>
    public static Batch Arrange(Batch batch) => batch.With(batch.Inputs.Select(input => TryArrange(input) ?? input).ToArray());
}

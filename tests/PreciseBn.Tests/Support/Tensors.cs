using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Tests.Support;

/// <summary>
/// Sums for tests that draw very often. TorchSharp may free a number that becomes a Scalar while libtorch still reads it, and makes one for
/// each sum of two tensors; many thousand draws meet that some day.
/// </summary>
internal static class Tensors
{
    private static readonly Scalar One = 1;

    public static Tensor Sum(Tensor one, Tensor other) => one.add(other, One);
}

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PreciseBn.Data.Images;

/// <summary>
/// Bilinear resampling with antialiasing as Pillow does it, and torchvision through it: along the rows, rounded to bytes, then
/// along the columns. Pixels have four bytes, so that one fits a vector of four sums.
/// </summary>
internal static class BilinearResize
{
    /// <summary>Bytes that are made at a time along the columns.</summary>
    public const int BlockBytes = 16;

    private static Vector128<int> Half => Vector128.Create(1 << (ResampleWeights.PrecisionBits - 1));

    /// <summary>Resamples a row.</summary>
    /// <param name="row">Its pixels, from the first that is needed.</param>
    /// <param name="weights">What the outputs are made of.</param>
    /// <param name="output">The outputs.</param>
    public static void AlongRow(ReadOnlySpan<byte> row, ResampleWeights weights, Span<byte> output)
    {
        var pixels = MemoryMarshal.Cast<byte, uint>(row);
        var outputs = MemoryMarshal.Cast<byte, uint>(output);
        for (var column = 0; column < weights.Count; column++)
        {
            var values = weights.Of(column, out var first);
            var inputs = pixels.Slice(first - weights.FirstInput, values.Length);
            var sum = Half;
            for (var i = 0; i < values.Length; i++)
            {
                var (bytes, _) = Vector128.Widen(Vector128.CreateScalar(inputs[i]).AsByte());
                sum += Vector128.WidenLower(bytes).AsInt32() * values[i];
            }
            var rounded = Round(sum);
            outputs[column] = Pack(rounded, rounded, rounded, rounded).AsUInt32()[0];
        }
    }

    /// <summary>Makes a row of several that lie one after the other.</summary>
    /// <param name="rows">The rows, from the first that is needed, and a block behind the last.</param>
    /// <param name="stride">Bytes of a row.</param>
    /// <param name="weights">What the outputs are made of.</param>
    /// <param name="index">The output that is wanted.</param>
    /// <param name="output">The row, and a block behind it.</param>
    public static void AlongColumns(ReadOnlySpan<byte> rows, int stride, ResampleWeights weights, int index, Span<byte> output)
    {
        var values = weights.Of(index, out var first);
        for (var start = 0; start < stride; start += BlockBytes)
        {
            var (sum0, sum1, sum2, sum3) = (Half, Half, Half, Half);
            var place = ((first - weights.FirstInput) * stride) + start;
            foreach (var value in values)
            {
                var (low, high) = Vector128.Widen(Vector128.Create(rows.Slice(place, BlockBytes)));
                sum0 += Vector128.WidenLower(low).AsInt32() * value;
                sum1 += Vector128.WidenUpper(low).AsInt32() * value;
                sum2 += Vector128.WidenLower(high).AsInt32() * value;
                sum3 += Vector128.WidenUpper(high).AsInt32() * value;
                place += stride;
            }
            Pack(Round(sum0), Round(sum1), Round(sum2), Round(sum3)).CopyTo(output[start..]);
        }
    }

    // Rounded weights can add up to a little more than one.
    private static Vector128<int> Round(Vector128<int> sum) =>
        Vector128.Min(Vector128.ShiftRightArithmetic(sum, ResampleWeights.PrecisionBits), Vector128.Create((int)byte.MaxValue));

    private static Vector128<byte> Pack(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d) =>
        Vector128.Narrow(Vector128.Narrow(a.AsUInt32(), b.AsUInt32()), Vector128.Narrow(c.AsUInt32(), d.AsUInt32()));
}

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

/// <summary>
/// What each output pixel along one side is made of: a weighted mean of the inputs below a triangle that widens with the
/// reduction. The fixed point is that of Pillow (libImaging/Resample.c), so that the results are the same to the bit.
/// </summary>
internal sealed class ResampleWeights
{
    /// <summary>Bits behind the point: what 8-bit pixels and a sum leave of 32.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    private readonly (int First, int Start, int Count)[] _outputs;
    private readonly int[] _values;

    /// <param name="inputs">Length of the side before.</param>
    /// <param name="outputs">Length of the side after.</param>
    /// <param name="start">The first output that is wanted.</param>
    /// <param name="count">How many are wanted.</param>
    public ResampleWeights(int inputs, int outputs, int start, int count)
    {
        var scale = (double)inputs / outputs;
        var support = Math.Max(scale, 1);
        var weights = new double[(2 * (int)Math.Ceiling(support)) + 1];
        _outputs = new (int, int, int)[count];
        _values = new int[count * weights.Length];
        for (int output = 0, next = 0; output < count; output++)
        {
            var centre = (start + output + 0.5) * scale;
            var first = Math.Max(0, (int)(centre - support + 0.5));
            var last = Math.Min(inputs, (int)(centre + support + 0.5));
            var used = Triangle(weights.AsSpan(0, last - first), first - centre + 0.5, 1 / support);
            _outputs[output] = (first, next, used);
            foreach (var weight in weights.AsSpan(0, used))
                _values[next++] = (int)(0.5 + (weight * (1 << PrecisionBits)));
        }
    }

    /// <summary>The number of outputs.</summary>
    public int Count => _outputs.Length;

    /// <summary>The first input that is needed.</summary>
    public int FirstInput => _outputs[0].First;

    /// <summary>One behind the last input that is needed.</summary>
    public int EndInput => _outputs[^1].First + _outputs[^1].Count;

    /// <summary>How many inputs are needed.</summary>
    public int InputCount => EndInput - FirstInput;

    /// <summary>The first input of an output, and the weights of it and the following ones.</summary>
    public ReadOnlySpan<int> Of(int output, out int first)
    {
        (first, var start, var count) = _outputs[output];
        return _values.AsSpan(start, count);
    }

    // Returns how many there are up to the last that is not 0.
    private static int Triangle(Span<double> weights, double offset, double slope)
    {
        var total = 0.0;
        for (var i = 0; i < weights.Length; i++)
            total += weights[i] = Math.Max(0, 1 - Math.Abs((i + offset) * slope));
        var used = 1;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] /= total;
            if (weights[i] > 0)
                used = i + 1;
        }
        return used;
    }
}

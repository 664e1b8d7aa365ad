namespace PreciseBn.Data.Images;

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

using System.Runtime.InteropServices;
using PreciseBn.Primitives;

namespace PreciseBn.Averaging;

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

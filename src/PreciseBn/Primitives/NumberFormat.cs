using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Primitives;

/// <summary>Numbers as little-endian bytes of a <see cref="DType"/>, and back.</summary>
internal static class NumberFormat
{
    public static int Size(this DType type) => type switch
    {
        DType.Float64 or DType.Int64 => 8,
        DType.Float32 or DType.Int32 => 4,
        DType.Float16 or DType.BFloat16 or DType.Int16 => 2,
        _ => 1,
    };

    public static bool IsFloatingPoint(this DType type) =>
        type is DType.Float16 or DType.BFloat16 or DType.Float32 or DType.Float64;

    public static double Read(DType type, ReadOnlySpan<byte> bytes) => type switch
    {
        DType.Float64 => ReadDoubleLittleEndian(bytes),
        DType.Float32 => ReadSingleLittleEndian(bytes),
        DType.Float16 => (double)ReadHalfLittleEndian(bytes),
        DType.BFloat16 => BitConverter.Int32BitsToSingle(ReadInt16LittleEndian(bytes) << 16),
        DType.Int64 => ReadInt64LittleEndian(bytes),
        DType.Int32 => ReadInt32LittleEndian(bytes),
        DType.Int16 => ReadInt16LittleEndian(bytes),
        DType.Int8 => (sbyte)bytes[0],
        _ => bytes[0],
    };

    /// <summary>Writes the number of that format which is nearest to the value, ties to even; an integer format cuts off what is behind the point.</summary>
    public static void Write(DType type, double value, Span<byte> bytes)
    {
        switch (type)
        {
            case DType.Float64: WriteDoubleLittleEndian(bytes, value); break;
            case DType.Float32: WriteSingleLittleEndian(bytes, (float)value); break;
            case DType.Float16: WriteHalfLittleEndian(bytes, (Half)value); break;
            case DType.BFloat16: WriteUInt16LittleEndian(bytes, ToBFloat16(value)); break;
            case DType.Int64: WriteInt64LittleEndian(bytes, (long)value); break;
            case DType.Int32: WriteInt32LittleEndian(bytes, (int)value); break;
            case DType.Int16: WriteInt16LittleEndian(bytes, (short)Math.Clamp(value, short.MinValue, short.MaxValue)); break;
            case DType.Int8: bytes[0] = (byte)(sbyte)Math.Clamp(value, sbyte.MinValue, sbyte.MaxValue); break;
            case DType.UInt8: bytes[0] = (byte)Math.Clamp(value, byte.MinValue, byte.MaxValue); break;
            default: bytes[0] = value == 0 ? (byte)0 : (byte)1; break;
        }
    }

    /// <summary>The value after a round trip through the format.</summary>
    public static double Round(DType type, double value)
    {
        Span<byte> bytes = stackalloc byte[8];
        Write(type, value, bytes);
        return Read(type, bytes);
    }

    private static ushort ToBFloat16(double value)
    {
        if (double.IsNaN(value))
            return 0x7fc0;
        // Rounded to odd first, so that the second rounding sees that something was cut off and does not err on ties.
        var single = (float)value;
        if (Math.Abs((double)single) > Math.Abs(value))
            single = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(single) - 1);
        var bits = BitConverter.SingleToUInt32Bits(single);
        if (single != value)
            bits |= 1;
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}

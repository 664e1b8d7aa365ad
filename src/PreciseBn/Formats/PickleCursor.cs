using System.Numerics;
using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

/// <summary>Takes operands off the bytes of a pickle, never past their end.</summary>
internal sealed class PickleCursor(byte[] bytes)
{
    // Nothing that PyTorch writes has longer integers than 128 bits (a serialisation id); the cost of parsing grows
    // faster than their length.
    private const int LongestInteger = 64;

    private int _position;

    public byte Byte() => Bytes(1)[0];

    public ushort UInt16() => ReadUInt16LittleEndian(Bytes(2));

    public int Int32() => ReadInt32LittleEndian(Bytes(4));

    public double Double() => ReadDoubleBigEndian(Bytes(8));

    public ReadOnlySpan<byte> Bytes(long count)
    {
        if (count < 0 || count > bytes.Length - _position)
            throw new PickleException("it ends in the middle of an instruction");
        var taken = bytes.AsSpan(_position, (int)count);
        _position += (int)count;
        return taken;
    }

    public string Text(long length) => Encoding.UTF8.GetString(Bytes(length));

    public long Int64() => ReadInt64LittleEndian(Bytes(8));

    public string Line()
    {
        var length = bytes.AsSpan(_position).IndexOf((byte)'\n');
        if (length < 0)
            throw new PickleException("it ends in the middle of a name");
        var line = Text(length);
        _position++;
        return line;
    }

    public object Integer(int length)
    {
        if (length is < 0 or > LongestInteger)
            throw new PickleException($"it has an integer of {length} bytes");
        var value = new BigInteger(Bytes(length));
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }
}

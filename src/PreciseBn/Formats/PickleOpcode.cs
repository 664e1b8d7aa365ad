using System.Numerics;
using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Formats;

/// <summary>The instructions of the pickle machine, protocols 2 to 5, named as in Python's pickletools.</summary>
internal enum PickleOpcode : byte
{
    Mark = (byte)'(',
    Stop = (byte)'.',
    Pop = (byte)'0',
    PopMark = (byte)'1',
    Dup = (byte)'2',
    BinFloat = (byte)'G',
    BinInt = (byte)'J',
    BinInt1 = (byte)'K',
    BinInt2 = (byte)'M',
    None = (byte)'N',
    BinPersId = (byte)'Q',
    Reduce = (byte)'R',
    BinString = (byte)'T',
    ShortBinString = (byte)'U',
    BinUnicode = (byte)'X',
    BinBytes = (byte)'B',
    ShortBinBytes = (byte)'C',
    Append = (byte)'a',
    Appends = (byte)'e',
    Build = (byte)'b',
    Global = (byte)'c',
    BinGet = (byte)'h',
    LongBinGet = (byte)'j',
    BinPut = (byte)'q',
    LongBinPut = (byte)'r',
    SetItem = (byte)'s',
    SetItems = (byte)'u',
    Tuple = (byte)'t',
    EmptyTuple = (byte)')',
    EmptyList = (byte)']',
    EmptyDict = (byte)'}',
    Proto = 0x80,
    NewObj = 0x81,
    Tuple1 = 0x85,
    Tuple2 = 0x86,
    Tuple3 = 0x87,
    NewTrue = 0x88,
    NewFalse = 0x89,
    Long1 = 0x8a,
    Long4 = 0x8b,
    ShortBinUnicode = 0x8c,
    BinUnicode8 = 0x8d,
    BinBytes8 = 0x8e,
    EmptySet = 0x8f,
    AddItems = 0x90,
    FrozenSet = 0x91,
    NewObjEx = 0x92,
    StackGlobal = 0x93,
    Memoize = 0x94,
    Frame = 0x95,
    ByteArray8 = 0x96,
}

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

/// <summary>The stack of the pickle machine, with its marks.</summary>
internal sealed class PickleStack
{
    private readonly List<object?> _values = [];
    private readonly List<int> _marks = [];

    public void Push(object? value) => _values.Add(value);

    public void Mark() => _marks.Add(_values.Count);

    public object? Peek() => _values.Count > Floor
        ? _values[^1]
        : throw new PickleException("it takes a value from an empty stack");

    public object? Pop()
    {
        var value = Peek();
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    public T Pop<T>() where T : class => Pop() as T
        ?? throw new PickleException($"it needs a {typeof(T).Name} where there is none");

    public object?[] PopToMark()
    {
        if (_marks.Count == 0)
            throw new PickleException("it goes back to a mark that was not set");
        var start = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        var values = _values.GetRange(start, _values.Count - start).ToArray();
        _values.RemoveRange(start, _values.Count - start);
        return values;
    }

    public object?[] Pop(int count)
    {
        var values = new object?[count];
        for (var i = count - 1; i >= 0; i--)
            values[i] = Pop();
        return values;
    }

    private int Floor => _marks.Count == 0 ? 0 : _marks[^1];
}

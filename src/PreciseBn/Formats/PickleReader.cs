using static PreciseBn.Formats.PickleOpcode;

namespace PreciseBn.Formats;

/// <summary>
/// Reads a pickle as data. A pickle is a program for a small stack machine; this one knows the instructions that PyTorch
/// and Python's pickler (protocols 2 to 5) emit, imports nothing and calls nothing.
/// </summary>
internal sealed class PickleReader
{
    private readonly PickleCursor _cursor;
    private readonly PickleStack _stack = new();
    private readonly Dictionary<long, object?> _memo = [];

    private PickleReader(byte[] pickle) => _cursor = new PickleCursor(pickle);

    /// <summary>The object that the pickle describes.</summary>
    /// <exception cref="PickleException">It is cut short, malformed or uses instructions unknown here.</exception>
    public static object? Read(byte[] pickle)
    {
        var reader = new PickleReader(pickle);
        while (true)
        {
            var opcode = (PickleOpcode)reader._cursor.Byte();
            if (opcode == Stop)
                return reader._stack.Pop();
            if (!reader.ExecuteValue(opcode) && !reader.ExecuteStructure(opcode) && !reader.ExecuteMemo(opcode))
                throw new PickleException($"it has the unknown instruction 0x{(byte)opcode:x2}");
        }
    }

    private bool ExecuteValue(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case None: _stack.Push(null); return true;
            case NewTrue: _stack.Push(true); return true;
            case NewFalse: _stack.Push(false); return true;
            case BinInt: _stack.Push((long)_cursor.Int32()); return true;
            case BinInt1: _stack.Push((long)_cursor.Byte()); return true;
            case BinInt2: _stack.Push((long)_cursor.UInt16()); return true;
            case Long1: _stack.Push(_cursor.Integer(_cursor.Byte())); return true;
            case Long4: _stack.Push(_cursor.Integer(_cursor.Int32())); return true;
            case BinFloat: _stack.Push(_cursor.Double()); return true;
            case BinUnicode: _stack.Push(_cursor.Text((uint)_cursor.Int32())); return true;
            case ShortBinUnicode: _stack.Push(_cursor.Text(_cursor.Byte())); return true;
            case BinUnicode8: _stack.Push(_cursor.Text(_cursor.Int64())); return true;
            case BinString: _stack.Push(_cursor.Text(_cursor.Int32())); return true;
            case ShortBinString: _stack.Push(_cursor.Text(_cursor.Byte())); return true;
            case BinBytes: _stack.Push(_cursor.Bytes((uint)_cursor.Int32()).ToArray()); return true;
            case ShortBinBytes: _stack.Push(_cursor.Bytes(_cursor.Byte()).ToArray()); return true;
            case BinBytes8 or ByteArray8: _stack.Push(_cursor.Bytes(_cursor.Int64()).ToArray()); return true;
            case EmptyTuple: _stack.Push(Array.Empty<object?>()); return true;
            case EmptyList or EmptySet: _stack.Push(new List<object?>()); return true;
            case EmptyDict: _stack.Push(new PickleDictionary()); return true;
            case Global: _stack.Push(new PickleGlobal(_cursor.Line(), _cursor.Line())); return true;
            default: return false;
        }
    }

    private bool ExecuteStructure(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case Proto: _cursor.Byte(); return true;
            case Frame: _cursor.Int64(); return true;
            case Mark: _stack.Mark(); return true;
            case Pop: _stack.Pop(); return true;
            case PopMark: _stack.PopToMark(); return true;
            case Dup: _stack.Push(_stack.Peek()); return true;
            case PickleOpcode.Tuple: _stack.Push(_stack.PopToMark()); return true;
            case Tuple1: _stack.Push(_stack.Pop(1)); return true;
            case Tuple2: _stack.Push(_stack.Pop(2)); return true;
            case Tuple3: _stack.Push(_stack.Pop(3)); return true;
            case FrozenSet: _stack.Push(new List<object?>(_stack.PopToMark())); return true;
            case Append: AddElements(_stack.Pop(1)); return true;
            case Appends or AddItems: AddElements(_stack.PopToMark()); return true;
            case SetItem: SetEntries(_stack.Pop(2)); return true;
            case SetItems: SetEntries(_stack.PopToMark()); return true;
            case StackGlobal: PushStackGlobal(); return true;
            case Reduce or NewObj: PushInstance(); return true;
            case NewObjEx: _stack.Pop(); PushInstance(); return true;
            case Build: SetState(_stack.Pop()); return true;
            case BinPersId: _stack.Push(new PicklePersistentId(_stack.Pop())); return true;
            default: return false;
        }
    }

    private bool ExecuteMemo(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case BinPut: _memo[_cursor.Byte()] = _stack.Peek(); return true;
            case LongBinPut: _memo[(uint)_cursor.Int32()] = _stack.Peek(); return true;
            case Memoize: _memo[_memo.Count] = _stack.Peek(); return true;
            case BinGet: _stack.Push(Recall(_cursor.Byte())); return true;
            case LongBinGet: _stack.Push(Recall((uint)_cursor.Int32())); return true;
            default: return false;
        }
    }

    private object? Recall(long key) => _memo.TryGetValue(key, out var value)
        ? value
        : throw new PickleException("it refers to something that it did not keep");

    private void PushStackGlobal()
    {
        var name = _stack.Pop<string>();
        _stack.Push(new PickleGlobal(_stack.Pop<string>(), name));
    }

    private void PushInstance()
    {
        var arguments = _stack.Pop<object?[]>();
        _stack.Push(new PickleInstance(_stack.Pop(), arguments));
    }

    private void SetState(object? state)
    {
        if (_stack.Peek() is not PickleInstance instance)
            throw new PickleException("it gives a state to something that has none");
        instance.State = state;
    }

    private void AddElements(object?[] elements)
    {
        switch (_stack.Peek())
        {
            case List<object?> list: list.AddRange(elements); break;
            case PickleInstance instance: instance.Elements.AddRange(elements); break;
            default: throw new PickleException("it adds elements to something that is no list");
        }
    }

    private void SetEntries(object?[] keysAndValues)
    {
        if (keysAndValues.Length % 2 != 0)
            throw new PickleException("it sets a key without a value");
        var dictionary = _stack.Peek() switch
        {
            PickleDictionary plain => plain,
            PickleInstance instance => instance.Items,
            _ => throw new PickleException("it sets items of something that is no dictionary"),
        };
        for (var i = 0; i < keysAndValues.Length; i += 2)
            dictionary.Set(keysAndValues[i], keysAndValues[i + 1]);
    }
}

/// <summary>A Python dictionary: its items in order, and a look-up for the ones whose key is a string.</summary>
internal sealed class PickleDictionary
{
    private readonly List<KeyValuePair<object?, object?>> _items = [];
    private readonly Dictionary<string, int> _byName = [];

    public IReadOnlyList<KeyValuePair<object?, object?>> Items => _items;

    public object? this[string name] => _byName.TryGetValue(name, out var index) ? _items[index].Value : null;

    public bool Contains(string name) => _byName.ContainsKey(name);

    public void Set(object? key, object? value)
    {
        var item = KeyValuePair.Create(key, value);
        if (key is not string name)
        {
            _items.Add(item);
        }
        else if (_byName.TryGetValue(name, out var index))
        {
            _items[index] = item;
        }
        else
        {
            _byName.Add(name, _items.Count);
            _items.Add(item);
        }
    }
}

/// <summary>What Python would make an object from. Nothing is called: this only records what the pickle says.</summary>
/// <param name="callable">The class or function, usually a <see cref="PickleGlobal"/>.</param>
/// <param name="arguments">What it would be called with.</param>
internal sealed class PickleInstance(object? callable, object?[] arguments)
{
    public PickleGlobal? Type { get; } = callable as PickleGlobal;

    public IReadOnlyList<object?> Arguments { get; } = arguments;

    /// <summary>What would be handed to <c>__setstate__</c>.</summary>
    public object? State { get; set; }

    /// <summary>Items set on an object that is a kind of dictionary, such as OrderedDict.</summary>
    public PickleDictionary Items { get; } = new();

    /// <summary>Elements appended to an object that is a kind of list or set.</summary>
    public List<object?> Elements { get; } = [];
}

/// <summary>The name of a Python class or function, which is all that is ever made of it here.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A reference to something outside the pickle; PyTorch uses it for storages.</summary>
internal sealed record PicklePersistentId(object? Id);

/// <summary>A pickle that cannot be read; the message completes the sentence "the pickle is damaged: …".</summary>
internal sealed class PickleException(string message) : Exception(message);

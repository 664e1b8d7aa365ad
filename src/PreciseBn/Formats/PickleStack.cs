namespace PreciseBn.Formats;

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

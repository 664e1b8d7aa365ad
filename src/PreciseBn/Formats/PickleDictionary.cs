namespace PreciseBn.Formats;

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

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

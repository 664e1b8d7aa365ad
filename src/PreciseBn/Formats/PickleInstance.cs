namespace PreciseBn.Formats;

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

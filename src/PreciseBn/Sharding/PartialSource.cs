using System.Collections;

namespace PreciseBn.Sharding;

/// <summary>A shard, or several that were merged, whose partial statistics come in layer by layer.</summary>
/// <param name="origin">Where they come from, for messages.</param>
internal sealed class PartialSource(string origin)
{
    private readonly BitArray _layers = new(0);

    public string Origin => origin;

    /// <summary>Whether a layer has come, by its index.</summary>
    public bool Has(int layer) => layer < _layers.Length && _layers[layer];

    /// <summary>Notes that a layer has come.</summary>
    public void Note(int layer)
    {
        _layers.Length = Math.Max(_layers.Length, layer + 1);
        _layers[layer] = true;
    }
}

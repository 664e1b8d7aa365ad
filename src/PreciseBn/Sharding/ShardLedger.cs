using System.Collections;
using System.Text.RegularExpressions;
using PreciseBn.Batches;
using PreciseBn.Primitives;

namespace PreciseBn.Sharding;

/// <summary>Says which shard of which data something was measured on.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Data">Name of the data; shards of different data are no shards of each other.</param>
/// <param name="Plan">How the data are ordered, put into batches and divided.</param>
internal sealed partial record ShardLabel(DataShard Shard, string Data, string Plan)
{
    /// <summary>What data are called that say nothing of themselves and were given no name.</summary>
    public const string Unnamed = "unnamed data";

    private const string InTurn = "batches in turn";

    /// <summary>The label of a shard of some data.</summary>
    /// <param name="data">All of the data.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="name">What a user calls the data; <c>null</c> asks them.</param>
    public static ShardLabel Of(IBatchSource data, DataShard shard, string? name) => data is IShardableBatchSource source
        ? new(shard, name ?? source.Identify(), source.Plan)
        : new(shard, name ?? Unnamed, data.Inputs is { } inputs ? $"{InTurn}, {inputs.Replace('(', '[')}" : InTurn);

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <exception cref="PreciseBnException">The text is something else.</exception>
    public static ShardLabel Parse(string text) => Pattern().Match(text) is { Success: true } match
        ? new(DataShard.Parse(match.Groups["shard"].Value), match.Groups["data"].Value, match.Groups["plan"].Value)
        : throw PartialErrors.BadPartial($"'{text}' says of no shard of what data it is");

    public override string ToString() => $"{Shard} of {Data} ({Plan})";

    [GeneratedRegex(@"^(?<shard>[1-9]\d{0,8}/[1-9]\d{0,8}) of (?<data>.*) \((?<plan>[^(]*)\)$")]
    private static partial Regex Pattern();
}

/// <summary>Keeps account of the shards that have come, and of those that have not.</summary>
/// <param name="count">How many there are to be; <c>null</c> takes what they say.</param>
internal sealed class ShardLedger(int? count)
{
    private readonly Dictionary<string, (ShardLabel Label, string Origin)> _plans = [];
    private readonly Dictionary<(string Data, int Index), string> _shards = [];

    /// <summary>The shards that have come, in the order of their data and number.</summary>
    public IEnumerable<ShardLabel> Present => _shards.Keys.OrderBy(shard => shard.Data, StringComparer.Ordinal).ThenBy(shard => shard.Index)
        .Select(shard => Label(shard.Data, shard.Index));

    /// <summary>
    /// The shards of the same data that have not, in words; <c>null</c> if there are none. Before any has come these are all, if it is
    /// known how many there are to be.
    /// </summary>
    public string? Missing
    {
        get
        {
            if (_plans.Count == 0)
                return count is { } all ? $"shard {DataShard.Join(Enumerable.Range(1, all), all)}" : null;
            var missing = _plans.Values.Select(plan => Describe(plan.Label)).OfType<string>().Order(StringComparer.Ordinal).ToArray();
            return missing.Length > 0 ? string.Join(", and of ", missing) : null;
        }
    }

    /// <summary>Enters a shard.</summary>
    /// <param name="label">The shard.</param>
    /// <param name="origin">Where it comes from, for messages.</param>
    /// <exception cref="PreciseBnException">It is there, or other shards of the data may overlap it.</exception>
    public void Enter(ShardLabel label, string origin)
    {
        if (count is { } all && label.Shard.Count != all)
            throw PartialErrors.OtherCount(origin, label, all);
        if (_shards.TryGetValue((label.Data, label.Shard.Index), out var earlier) && _plans[label.Data].Label.Shard.Count == label.Shard.Count)
            throw PartialErrors.ShardTwice(earlier, label, origin);
        if (!_plans.TryAdd(label.Data, (label, origin)) && _plans[label.Data] is var (other, itsOrigin)
            && (other.Plan != label.Plan || other.Shard.Count != label.Shard.Count))
            throw PartialErrors.ShardsDiffer(itsOrigin, other, origin, label);
        _shards.Add((label.Data, label.Shard.Index), origin);
    }

    private string? Describe(ShardLabel any)
    {
        var missing = Enumerable.Range(1, any.Shard.Count).Where(index => !_shards.ContainsKey((any.Data, index))).ToArray();
        return missing.Length == 0 ? null : $"shard {DataShard.Join(missing, any.Shard.Count)} of {any.Data} ({any.Plan})";
    }

    private ShardLabel Label(string data, int index)
    {
        var any = _plans[data].Label;
        return any with { Shard = DataShard.Parse($"{index}/{any.Shard.Count}") };
    }
}

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

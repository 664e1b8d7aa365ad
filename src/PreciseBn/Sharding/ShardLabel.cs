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

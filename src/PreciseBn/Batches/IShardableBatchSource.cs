using PreciseBn.Primitives;
using PreciseBn.Sharding;

namespace PreciseBn.Batches;

/// <summary>Data that know how to divide their items among processes.</summary>
public interface IShardableBatchSource : IBatchSource
{
    /// <summary>How the items are ordered and put into batches. Only shards for which it is the same are disjoint.</summary>
    string Plan { get; }

    /// <summary>
    /// A name for the items that is the same in every process that reads the same ones, wherever they lie, and another for
    /// others.
    /// </summary>
    /// <exception cref="PreciseBnException">The data cannot be read.</exception>
    string Identify();

    /// <summary>The batches of a shard, or some of them. Every item is in exactly one shard, and no batch in two.</summary>
    /// <param name="shard">The shard; it is the same in every process.</param>
    /// <param name="skip">How many of its batches are left out at the start.</param>
    /// <param name="take">The most batches that are read then.</param>
    /// <exception cref="PreciseBnException">It could not be the same in every process.</exception>
    IBatchSource Shard(DataShard shard, long skip = 0, long take = long.MaxValue);
}

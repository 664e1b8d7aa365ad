using PreciseBn.Primitives;

namespace PreciseBn.Batches;

/// <summary>Data that can be read in batches, again and again.</summary>
public interface IBatchSource
{
    /// <summary>The number of batches, where it is known beforehand.</summary>
    long? BatchCount { get; }

    /// <summary>Where the data are and how they are prepared, for people; <c>null</c> where that is not known.</summary>
    string? Description => null;

    /// <summary>Which parts of what there is are the inputs, where that was said: other parts of the same data are other data.</summary>
    string? Inputs => null;

    /// <summary>Reads the batches from the start. Whoever takes a batch disposes of it.</summary>
    /// <param name="cancellation">Ends the reading early.</param>
    /// <exception cref="PreciseBnException">The data cannot be read, or are not what a model can take.</exception>
    IEnumerable<Batch> Read(CancellationToken cancellation);
}

/// <summary>A source whose batches can be made in the size that a model accepts.</summary>
internal interface IResizableBatchSource : IBatchSource
{
    /// <summary>Number of items in the last batch; 0 if there is none, or it is not known.</summary>
    long LastBatchSize { get; }

    /// <summary>The same data in batches of a size that is accepted; as they are, where the user has said the size.</summary>
    IBatchSource WithBatchSize(SizeRange accepted);
}

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

using PreciseBn.Batches;

namespace PreciseBn.Data;

/// <summary>Items that can be read in any order, from many threads.</summary>
internal interface ISampleSource : IDisposable
{
    /// <summary>The number of items.</summary>
    long Count { get; }

    /// <summary>Reads some items and makes a batch of them; <c>null</c> if none of them could be read and that is allowed.</summary>
    Batch? Load(IReadOnlyList<long> indices);
}

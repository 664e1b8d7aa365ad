namespace PreciseBn.Batches;

/// <summary>A source whose batches can be made in the size that a model accepts.</summary>
internal interface IResizableBatchSource : IBatchSource
{
    /// <summary>Number of items in the last batch; 0 if there is none, or it is not known.</summary>
    long LastBatchSize { get; }

    /// <summary>The same data in batches of a size that is accepted; as they are, where the user has said the size.</summary>
    IBatchSource WithBatchSize(SizeRange accepted);
}

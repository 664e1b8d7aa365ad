using PreciseBn.Native;

namespace PreciseBn.Data;

/// <summary>The batches that a loader makes of some of its items.</summary>
/// <param name="samples">The items.</param>
/// <param name="plan">Which of them go into which batch.</param>
/// <param name="skip">How many batches are read and left out at the start.</param>
/// <param name="batches">The number of batches.</param>
/// <param name="workers">How many batches are prepared at a time.</param>
internal sealed class LoaderShard(
    ISampleSource samples, IEnumerable<IReadOnlyList<long>> plan, long skip, long batches, int workers) : IBatchSource
{
    public long? BatchCount => batches;

    public IEnumerable<Batch> Read(CancellationToken cancellation)
    {
        TorchLibrary.Require();
        var skipped = 0L;
        foreach (var batch in new BatchPrefetch(samples, plan, workers).Read(cancellation))
        {
            if (skipped++ < skip)
                batch.Dispose();
            else
                yield return batch;
        }
    }
}

using PreciseBn.Batches;
using PreciseBn.Native;

namespace PreciseBn.Data;

/// <summary>The batches that a loader makes of some of its items.</summary>
/// <param name="samples">The items.</param>
/// <param name="plan">Which of them go into which batch.</param>
/// <param name="skip">How many batches are read and left out at the start.</param>
/// <param name="batches">The number of batches.</param>
/// <param name="options">What is done to each batch.</param>
/// <param name="workers">How many batches are prepared at a time.</param>
internal sealed class LoaderShard(
    ISampleSource samples, IEnumerable<IReadOnlyList<long>> plan, long skip, long batches, BnDataLoaderOptions options, int workers) : IBatchSource
{
    public long? BatchCount => batches;

    public IEnumerable<Batch> Read(CancellationToken cancellation)
    {
        TorchLibrary.Require();
        var index = 0L;
        var foreign = new ForeignCode();
        foreach (var batch in new BatchPrefetch(samples, plan, workers).Read(cancellation))
        {
            if (index++ < skip)
                batch.Dispose();
            else
                yield return options.Transform?.Apply(batch, options.Keys, index - 1, foreign) ?? batch;
        }
    }
}

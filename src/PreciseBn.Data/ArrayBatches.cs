using PreciseBn.Batches;

namespace PreciseBn.Data;

/// <summary>Arrays each of which is a batch already. The items are the batches.</summary>
internal sealed class ArrayBatches(IReadOnlyList<ArraySamples> batches, IReadOnlyList<IDisposable> files) : ISampleSource
{
    public long Count => batches.Count;

    public Batch? Load(IReadOnlyList<long> indices)
    {
        var batch = batches[(int)indices[0]];
        return batch.Load(Enumerable.Range(0, (int)batch.Count).Select(i => (long)i).ToArray());
    }

    public void Dispose()
    {
        foreach (var file in files)
            file.Dispose();
    }
}

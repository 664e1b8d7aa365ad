using PreciseBn.Batches;

namespace PreciseBn.Data;

/// <summary>Arrays each of which is a batch already. The items are the batches.</summary>
internal sealed class ArrayBatches(IReadOnlyList<ArraySamples> batches, IReadOnlyList<IDisposable> files) : ISampleSource
{
    public long Count => batches.Count;

    public Batch? Load(IReadOnlyList<long> indices) => batches[(int)indices[0]].LoadAll();

    public void Dispose()
    {
        foreach (var file in files)
            file.Dispose();
    }
}

using PreciseBn.Data;
using PreciseBn.Recalibration;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>What is behind Update-BnStat, without the writing of the file.</summary>
internal sealed class ThisModule(string path, IReadOnlyList<Tensor> batches, MemoryFormat format = MemoryFormat.Contiguous) : IContestant
{
    public RunTimes Run(int iterations)
    {
        var data = new TimedBatches(batches);
        var options = new BnUpdateOptions { Recalibration = new() { Iterations = iterations, MemoryFormat = format } };
        BnUpdater.Measure(BnReader.ReadFile(path).Layers, data, options, progress: data);
        return data.Clock.Stop();
    }

    private sealed class TimedBatches(IReadOnlyList<Tensor> batches) : IBatchSource, IProgress<RecalibrationProgress>
    {
        public BatchClock Clock { get; private set; } = new();

        public long? BatchCount => null;

        public IEnumerable<Batch> Read(CancellationToken cancellation)
        {
            Clock = new BatchClock();
            for (var i = 0; ; i = (i + 1) % batches.Count)
                yield return new Batch([batches[i]], isOwned: false);
        }

        public void Report(RecalibrationProgress value) => Clock.Next();
    }
}

using PreciseBn.Batches;
using PreciseBn.Tests.Support;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>What is behind Update-BnStat, without the writing of the file.</summary>
internal sealed class ThisModule(string path, IReadOnlyList<Tensor> batches, MemoryFormat format = MemoryFormat.Auto) : IContestant
{
    public RunTimes Run(int iterations, BatchClock clock)
    {
        var data = new TimedBatches(batches, clock);
        var options = new MeasureOptions { Iterations = iterations, MemoryFormat = format };
        Runs.Measure(Runs.Read(path).Layers, data, options, progress: data);
        return clock.Stop();
    }

    private sealed class TimedBatches(IReadOnlyList<Tensor> batches, BatchClock clock) : IBatchSource, IProgress<MeasureProgress>
    {
        public long? BatchCount => null;

        public IEnumerable<Batch> Read(CancellationToken cancellation)
        {
            clock.Start();
            for (var i = 0; ; i = (i + 1) % batches.Count)
                yield return new Batch([batches[i]], isOwned: false);
        }

        public void Report(MeasureProgress value) => clock.Next();
    }
}

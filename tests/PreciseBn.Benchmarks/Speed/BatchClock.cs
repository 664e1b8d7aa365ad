using System.Diagnostics;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>Takes the times of a run, from now on.</summary>
internal sealed class BatchClock
{
    private readonly List<double> _batches = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Called at the end of a batch, which is the start of the next.</summary>
    public void Next() => _batches.Add(Lap());

    /// <summary>Called at the end of the run.</summary>
    public RunTimes Stop() => new(_batches, Lap());

    private double Lap()
    {
        var seconds = _clock.Elapsed.TotalSeconds;
        _clock.Restart();
        return seconds;
    }
}

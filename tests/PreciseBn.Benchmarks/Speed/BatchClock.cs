using System.Diagnostics;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>Takes the times of a run.</summary>
/// <param name="endTurn">Called with the times of some batches, when it is the turn of others; it returns with the next turn.</param>
internal sealed class BatchClock(Action<IReadOnlyList<double>>? endTurn = null)
{
    // A turn is a batch, but small batches come some at a time: each would else find the caches cold.
    private const double ShortestTurn = 0.1;

    private readonly List<double> _batches = [];
    private readonly List<double> _turn = [];
    private readonly Stopwatch _clock = new();

    /// <summary>Called at the start of the first batch.</summary>
    public void Start() => _clock.Restart();

    /// <summary>Called at the end of a batch, which is the start of the next.</summary>
    public void Next()
    {
        var seconds = _clock.Elapsed.TotalSeconds;
        _batches.Add(seconds);
        _turn.Add(seconds);
        if (endTurn is not null && _turn.Sum() >= ShortestTurn)
        {
            endTurn(_turn);
            _turn.Clear();
        }
        _clock.Restart();
    }

    /// <summary>Called at the end of the run.</summary>
    public RunTimes Stop() => new(_batches, _clock.Elapsed.TotalSeconds);
}

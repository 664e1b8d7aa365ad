namespace PreciseBn.Benchmarks.Speed;

/// <summary>A way to run batches through a model.</summary>
internal interface IContestant
{
    /// <summary>Prepares the model anew, which does not count, and runs batches through it.</summary>
    RunTimes Run(int iterations, BatchClock clock);
}

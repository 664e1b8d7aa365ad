namespace PreciseBn.Benchmarks.Speed;

/// <summary>How long a run took, in seconds.</summary>
/// <param name="Batches">The batches, one after the other.</param>
/// <param name="End">What came after the last of them.</param>
internal sealed record RunTimes(IReadOnlyList<double> Batches, double End)
{
    // libtorch compiles a TorchScript model in the course of its first batches.
    private const int FirstBatches = 3;

    /// <summary>The time of the first three batches.</summary>
    public double Start => Batches.Take(FirstBatches).Sum();

    /// <summary>The mean time of the others.</summary>
    public double Later => Batches.Skip(FirstBatches).Average();

    public double Whole => Batches.Sum() + End;
}

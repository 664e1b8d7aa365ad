using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>On how many threads libtorch computes until this is disposed of.</summary>
/// <remarks>
/// .NET counts the processors that the process may use, with affinity and the quota of a container (cpu.max, cpu.cfs_quota_us);
/// libtorch knows nothing of quotas.
/// </remarks>
internal sealed class ThreadLimit : IDisposable
{
    private readonly int _before = get_num_threads();

    /// <param name="threads">How many; <c>null</c> takes what is set, and no more than there are processors to use.</param>
    public ThreadLimit(int? threads) => Set(threads ?? Math.Min(_before, Environment.ProcessorCount));

    /// <summary>Goes back to what was set before.</summary>
    public void Dispose() => Set(_before);

    private static void Set(int threads)
    {
        if (threads != get_num_threads())
            set_num_threads(threads);
    }
}

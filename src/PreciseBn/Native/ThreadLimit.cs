using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>On how many threads libtorch computes what this thread asks for, until this is disposed of on it.</summary>
/// <remarks>
/// .NET counts the processors that the process may use, with affinity and the quota of a container (cpu.max, cpu.cfs_quota_us);
/// libtorch knows nothing of quotas. With OpenMP each thread has a number of its own, and takes that of the process when it first
/// asks (aten/src/ATen/ParallelOpenMP.cpp). Setting one sets both; so the process gets its own back at once, and several
/// measurements with different numbers do not meet.
/// </remarks>
internal sealed class ThreadLimit : IDisposable
{
    private static readonly Lock Gate = new();

    private readonly int _before;

    /// <param name="threads">How many; <c>null</c> takes what is set, and no more than there are processors to use.</param>
    public ThreadLimit(int? threads)
    {
        // Asked for the first time, it is the number of the process, which another may be about to give back.
        lock (Gate)
            _before = get_num_threads();
        Set(threads ?? Math.Min(_before, Environment.ProcessorCount));
    }

    /// <summary>Goes back to what was set before.</summary>
    public void Dispose() => Set(_before);

    private static void Set(int threads)
    {
        lock (Gate)
        {
            if (threads == get_num_threads())
                return;
            var ofProcess = OnNewThread(get_num_threads);
            set_num_threads(threads);
            OnNewThread(() =>
            {
                set_num_threads(ofProcess);
                return ofProcess;
            });
        }
    }

    private static int OnNewThread(Func<int> call)
    {
        var result = 0;
        var thread = new Thread(() => result = call());
        thread.Start();
        thread.Join();
        return result;
    }
}

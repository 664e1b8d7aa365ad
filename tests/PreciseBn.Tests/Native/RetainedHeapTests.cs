using System.Runtime.InteropServices;
using PreciseBn.Native;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Memory that batches free and take again stays with the process while they run, and no longer.</summary>
[Collection(AloneCollection.Name)]
public sealed class RetainedHeapTests
{
    private const int BlockSize = 24 << 20;
    private const int Blocks = 6;

    [LinuxFact("an allocator that can be told to keep memory")]
    public void Memory_that_is_freed_is_taken_again_without_the_kernel()
    {
        using (new RetainedHeap())
        {
            OnThread(() =>
            {
                AllocateAndFree();
                var before = PageFaults();
                for (var i = 0; i < 10; i++)
                    AllocateAndFree();

                // By itself each of the ten takes all pages anew. A block may now and then find another place.
                Assert.InRange(PageFaults() - before, 0, Blocks * BlockSize / Environment.SystemPageSize / 2);
            });
        }
    }

    [LinuxFact("an allocator that can be told to keep memory")]
    public void Afterwards_it_is_given_back()
    {
        // The working set is that of the whole process, in which what earlier tests left may be given back meanwhile.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        OnThread(() =>
        {
            var before = Environment.WorkingSet;
            long kept;
            using (new RetainedHeap())
            {
                AllocateAndFree();
                kept = Environment.WorkingSet;
            }

            Assert.InRange(kept - before, (Blocks - 1) * BlockSize, long.MaxValue);
            Assert.InRange(Environment.WorkingSet - before, long.MinValue, BlockSize / 4);
        });
    }

    private static void AllocateAndFree()
    {
        var blocks = new nint[Blocks];
        for (var i = 0; i < Blocks; i++)
        {
            blocks[i] = Marshal.AllocHGlobal(BlockSize);
            for (var page = 0; page < BlockSize; page += Environment.SystemPageSize)
                Marshal.WriteByte(blocks[i], page, 1);
        }
        foreach (var block in blocks)
            Marshal.FreeHGlobal(block);
    }

    // That of the shell's pipeline is not the first of the process either.
    private static void OnThread(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(action));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    // minflt of proc_pid_stat(5); the name before it, in brackets, may have blanks.
    private static long PageFaults()
    {
        var stat = File.ReadAllText("/proc/thread-self/stat");
        return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[7]);
    }
}

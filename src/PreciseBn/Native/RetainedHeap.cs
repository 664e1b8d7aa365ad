using System.Runtime.InteropServices;

namespace PreciseBn.Native;

/// <summary>
/// Keeps glibc from giving freed memory back to the kernel after every batch, to be asked for again in the next: activations are
/// large, and getting a page costs more than filling it. At the end all that is free is given back.
/// </summary>
/// <remarks>
/// mallopt(3); the settings are those of the process, and cannot be read. What is left behind are the values that glibc's own
/// adjustment arrives at in a process that has freed a large block. Other C libraries are left as they are.
/// </remarks>
internal sealed unsafe class RetainedHeap : IDisposable
{
    private const int TrimThreshold = -1;
    private const int TopPadding = -2;
    private const int MapThreshold = -3;

    private const int Never = -1;
    private const int LargestMapThreshold = 32 << 20;
    private const int LargeBlock = 256 << 10;
    private const int DefaultTrimThreshold = 128 << 10;
    private const int AdjustedTrimThreshold = 2 * LargestMapThreshold;
    private const int DefaultTopPadding = 128 << 10;
    // Threads other than the first have heaps of this size, and an empty one is given back if it is larger than the padding.
    private const int HeapOfThread = 64 << 20;

    private static readonly (nint Set, nint Trim) Functions = Find();

    /// <summary>Keeps freed memory until this is disposed of.</summary>
    public RetainedHeap()
    {
        if (Functions == default)
            return;
        Set(MapThreshold, LargestMapThreshold);
        Set(TrimThreshold, Never);
        Set(TopPadding, HeapOfThread);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (Functions == default)
            return;
        Set(TopPadding, DefaultTopPadding);
        Set(TrimThreshold, DefaultTrimThreshold);
        // malloc_trim leaves out what is free at the end of a thread's heap, which freeing a large block looks after.
        NativeMemory.Free(NativeMemory.Alloc(LargeBlock));
        Set(TrimThreshold, AdjustedTrimThreshold);
        ((delegate* unmanaged<nuint, int>)Functions.Trim)(0);
    }

    private static (nint Set, nint Trim) Find() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library)
        && NativeLibrary.TryGetExport(library, "mallopt", out var set) && NativeLibrary.TryGetExport(library, "malloc_trim", out var trim)
            ? (set, trim)
            : default;

    private static void Set(int parameter, int value) => ((delegate* unmanaged<int, int, int>)Functions.Set)(parameter, value);
}

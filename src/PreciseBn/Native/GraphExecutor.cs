using System.Runtime.InteropServices;
using TorchSharp;

namespace PreciseBn.Native;

/// <summary>
/// Switches off what libtorch does to the graph of a compiled model in its first runs. For a few hundred of them it costs more
/// than it gains, and the cost grows faster than the number of layers: a thousand small ones take some seconds.
/// </summary>
/// <remarks>
/// The switch is one of the thread (torch/csrc/jit/python/update_graph_executor_opt.cpp), and TorchSharp has no call for it. With
/// a libtorch that does not have it, models give the same, later.
/// </remarks>
internal static unsafe class GraphExecutor
{
    private static readonly (nint Get, nint Set) Switch = Find();

    /// <summary>Whether this thread has graphs optimized.</summary>
    public static bool IsOptimizing => Switch.Get == 0 || ((delegate* unmanaged<byte>)Switch.Get)() != 0;

    /// <summary>Has compiled models run as they are, on this thread and until the result is disposed of.</summary>
    public static Scope RunUnoptimized() => new();

    private static (nint Get, nint Set) Find()
    {
        var (get, set) = OperatingSystem.IsWindows()
            ? ("?getGraphExecutorOptimize@jit@torch@@YA_NXZ", "?setGraphExecutorOptimize@jit@torch@@YAX_N@Z")
            : ("_ZN5torch3jit24getGraphExecutorOptimizeEv", "_ZN5torch3jit24setGraphExecutorOptimizeEb");
        return NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, DllImportSearchPath.AssemblyDirectory, out var library)
            && NativeLibrary.TryGetExport(library, get, out var getter) && NativeLibrary.TryGetExport(library, set, out var setter)
            ? (getter, setter)
            : default;
    }

    private static void Optimize(bool value)
    {
        if (Switch.Set != 0)
            ((delegate* unmanaged<byte, void>)Switch.Set)(value ? (byte)1 : (byte)0);
    }

    /// <summary>Gives the thread back as it was.</summary>
    internal readonly ref struct Scope
    {
        private readonly bool _before = IsOptimizing;

        public Scope() => Optimize(false);

        public void Dispose() => Optimize(_before);
    }
}

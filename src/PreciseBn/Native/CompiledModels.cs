using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>
/// Gives a TorchScript model back. TorchSharp's <c>named_modules</c>, which its <c>Dispose</c>
/// calls too, makes a reference to the model itself and drops it: all weights would stay in memory for good.
/// </summary>
internal static class ScriptModules
{
    private static readonly FieldInfo? Handle = typeof(nn.Module).GetField("handle", BindingFlags.Instance | BindingFlags.NonPublic);

    /// <summary>Does what its <c>Dispose</c> should do.</summary>
    public static void Release(jit.ScriptModule module)
    {
        if (Handle?.GetValue(module) is not SafeHandle handle)
        {
            module.Dispose();
            return;
        }
        foreach (var (_, buffer) in module.named_buffers(recurse: false))
            buffer.DetachFromDisposeScope().Dispose();
        foreach (var (_, parameter) in module.named_parameters(recurse: false))
            parameter.DetachFromDisposeScope().Dispose();
        handle.Dispose();
        handle.SetHandleAsInvalid();
        GC.SuppressFinalize(module);
    }
}

/// <summary>
/// Gives back what compiled code takes. TorchSharp 0.107 only forgets where it is, so that each program leaves a megabyte behind.
/// </summary>
internal static unsafe class CompiledUnits
{
    private static readonly nint Delete = Find();

    /// <summary>Disposes of a unit, and of what libtorch has of it.</summary>
    public static void Release(torch.jit.CompilationUnit unit)
    {
        ref var handle = ref Handle(unit);
        var native = Delete == 0 ? 0 : handle;
        // A version that does dispose of it finds nothing left to do.
        if (native != 0)
            handle = 0;
        unit.Dispose();
        if (native != 0)
            ((delegate* unmanaged<nint, void>)Delete)(native);
    }

    private static nint Find() =>
        NativeLibrary.TryLoad("LibTorchSharp", typeof(torch).Assembly, DllImportSearchPath.AssemblyDirectory, out var library)
        && NativeLibrary.TryGetExport(library, "THSJIT_CompilationUnit_dispose", out var delete)
            ? delete
            : 0;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "handle")]
    private static extern ref nint Handle(torch.jit.CompilationUnit unit);
}

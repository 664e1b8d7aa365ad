using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace PreciseBn.Native;

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

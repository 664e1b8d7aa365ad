using System.Runtime.InteropServices;

namespace PreciseBn.Native;

/// <summary>
/// What the C++ libraries of Linux (libstdc++) and macOS (libc++) tell about an exception. Both keep to the Itanium C++ ABI, in which
/// objects of <c>std::type_info</c> and <c>std::exception</c> look the same on every processor.
/// </summary>
internal static unsafe class ItaniumExceptions
{
    // What the compiler of TorchScript throws, and what stands for an error in code that was run at the same time as other.
    private static readonly string[] Reports = ["N5torch3jit11ErrorReportE", "N3c106ivalue6Future11FutureErrorE"];

    // libc++ marks so the name of a type that other libraries may have too; no address has this bit.
    private static readonly nint NameMask = nint.MaxValue;

    private static readonly nint SetHandler;
    private static readonly nint CurrentType;
    private static readonly nint Current;

    static ItaniumExceptions()
    {
        var (name, current) = OperatingSystem.IsMacOS()
            ? ("/usr/lib/libc++abi.dylib", "__cxa_current_primary_exception")
            : ("libstdc++.so.6", "_ZSt17current_exceptionv");
        AreKnown = (OperatingSystem.IsMacOS() || OperatingSystem.IsLinux()) && Environment.Is64BitProcess
            && NativeLibrary.TryLoad(name, out var library)
            && NativeLibrary.TryGetExport(library, "_ZSt13set_terminatePFvvE", out SetHandler)
            && NativeLibrary.TryGetExport(library, "__cxa_current_exception_type", out CurrentType)
            && NativeLibrary.TryGetExport(library, current, out Current);
    }

    /// <summary>Whether this process has them.</summary>
    public static bool AreKnown { get; }

    /// <summary>Has a function called where an exception is not caught, which must not return.</summary>
    /// <returns>The one before.</returns>
    public static nint SetTerminate(nint handler) => ((delegate* unmanaged<nint, nint>)SetHandler)(handler);

    /// <summary>The message of the exception that is being handled, if it is one of TorchScript.</summary>
    public static string? MessageOfReport()
    {
        // std::type_info is its vtable and then a pointer to its name; what() is the third function of std::exception.
        var type = (nint*)((delegate* unmanaged<nint>)CurrentType)();
        if (type is null || !Reports.Contains(Marshal.PtrToStringUTF8(type[1] & NameMask)))
            return null;
        var exception = (nint**)CurrentObject();
        var what = (delegate* unmanaged<nint**, nint>)(*exception)[2];
        return Marshal.PtrToStringUTF8(what(exception));
    }

    private static nint CurrentObject() => OperatingSystem.IsMacOS()
        ? ((delegate* unmanaged<nint>)Current)()
        : ((delegate* unmanaged<ExceptionPointer>)Current)().Object;

    // std::exception_ptr is a pointer that comes back in memory, as it has a destructor. A structure of this size does so too, on
    // every processor: on Arm the address is in a register of its own, which no argument can stand for.
    private readonly record struct ExceptionPointer(nint Object, nint First, nint Second);
}

using System.Runtime.InteropServices;

namespace PreciseBn.Native;

/// <summary>
/// Calls into libtorch that may throw what TorchSharp does not catch. The compiler of TorchScript reports errors by an
/// exception that is no <c>std::runtime_error</c>; it passes TorchSharp by, and would end the process with everything that
/// the user has in it.
/// </summary>
internal static unsafe class UncaughtExceptions
{
    private const string NoReason = "libtorch failed and gave no reason.";

    // The handler is one for the process, and gets no argument: what it is to do has to stand where it can find it.
    private static readonly object Gate = new();
    private static nint previousHandler;

    [ThreadStatic]
    private static Action<string?>? report;

    /// <summary>Runs a call; an exception of libtorch that TorchSharp lets through comes as an <see cref="ExternalException"/>.</summary>
    public static T Catch<T>(Func<T> call)
    {
        if (OperatingSystem.IsWindows())
            return RunOnThread(() => CatchStructured(call));
        // Without the functions of the C++ library that it needs the process ends, as it would anyway.
        if (!ItaniumExceptions.AreKnown)
            return call();
        lock (Gate)
        {
            previousHandler = ItaniumExceptions.SetTerminate((nint)(delegate* unmanaged<void>)&OnTerminate);
            try
            {
                return RunOnThread(call);
            }
            finally
            {
                ItaniumExceptions.SetTerminate(previousHandler);
            }
        }
    }

    // In Windows .NET turns the exception into one of its own, which has lost the message. The filter runs while it is still there.
    private static T CatchStructured<T>(Func<T> call)
    {
        string? message;
        try
        {
            return call();
        }
        catch (SEHException e) when ((message = MicrosoftExceptions.CurrentMessage()) is not null)
        {
            throw new ExternalException(message, e);
        }
        catch (SEHException e)
        {
            throw new ExternalException(NoReason, e);
        }
    }

    // The thread that throws cannot be unwound and must not return; it is parked, so it must not be that of the caller.
    private static T RunOnThread<T>(Func<T> call) => RoomyThread.Run(fail =>
    {
        report = message => fail(new ExternalException(message ?? NoReason));
        return call();
    });

    [UnmanagedCallersOnly]
    private static void OnTerminate()
    {
        if (report is null)
            ((delegate* unmanaged<void>)previousHandler)();
        report!(ItaniumExceptions.MessageOfReport());
        Thread.Sleep(Timeout.Infinite);
    }
}

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

/// <summary>
/// Reads the C++ exception that Windows is handling: the record of a structured exception leads to the object that was thrown, and
/// to a list of the types that it may be caught as (ehdata.h of Visual C++, for 64-bit processes).
/// </summary>
internal static unsafe class MicrosoftExceptions
{
    private const uint CppException = 0xe06d7363;
    private const string StandardException = ".?AVexception@std@@";

    /// <summary>Its message, in a filter of an exception; <c>null</c> if it is none of <c>std::exception</c>.</summary>
    public static string? CurrentMessage()
    {
#pragma warning disable CS0618, SYSLIB0004 // There is no other way to the record.
        var pointers = (ExceptionRecord**)Marshal.GetExceptionPointers();
#pragma warning restore
        return pointers is null ? null : Message(*pointers);
    }

    /// <summary>The message of the object in a record.</summary>
    internal static string? Message(ExceptionRecord* record)
    {
        if (record is null || record->Code != CppException || record->ParameterCount < 4 || record->ThrowInfo is null)
            return null;
        // Addresses in these tables are counted from the start of the library that threw.
        var start = record->ImageBase;
        var types = (int*)(start + record->ThrowInfo->CatchableTypes);
        for (var i = 0; i < types[0]; i++)
        {
            var type = (CatchableType*)(start + types[1 + i]);
            if (type->VirtualBase < 0 && Marshal.PtrToStringUTF8((nint)(start + type->TypeDescriptor + (2 * sizeof(nint)))) == StandardException)
                return What((nint**)(record->Thrown + type->Offset));
        }
        return null;
    }

    // Its destructor is the first function of std::exception, and what() the second.
    private static string? What(nint** exception) =>
        Marshal.PtrToStringUTF8(((delegate* unmanaged<nint**, nint>)(*exception)[1])(exception));

    /// <summary>EXCEPTION_RECORD, with the parameters that Visual C++ gives.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ExceptionRecord
    {
        public uint Code;
        public uint Flags;
        public nint Next;
        public nint Address;
        public uint ParameterCount;
        public nint Magic;
        public byte* Thrown;
        public ThrowInfo* ThrowInfo;
        public byte* ImageBase;
    }

    /// <summary>_ThrowInfo.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ThrowInfo
    {
        public uint Attributes;
        public int Destructor;
        public int ForwardCompatible;
        public int CatchableTypes;
    }

    /// <summary>_CatchableType: where in the object the part of this type begins.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CatchableType
    {
        public uint Properties;
        public int TypeDescriptor;
        public int Offset;
        public int VirtualBase;
        public int VirtualOffset;
        public int Size;
        public int CopyConstructor;
    }
}

/// <summary>
/// Runs what libtorch does by recursion, as deep as a model's code is nested or its operators follow each other, where there is
/// room for it: the stack of the caller may have 1 MB, and one that overflows ends the process.
/// </summary>
internal static class RoomyThread
{
    private const int StackSize = 256 << 20;

    /// <summary>Runs a call on a thread of its own and waits for it.</summary>
    /// <param name="call">The call; it gets what lets the caller go on with an exception when the call cannot return.</param>
    public static T Run<T>(Func<Action<Exception>, T> call)
    {
        var outcome = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                outcome.TrySetResult(call(e => outcome.TrySetException(e)));
            }
            catch (Exception e)
            {
                outcome.TrySetException(e);
            }
        },
        StackSize)
        { IsBackground = true }.Start();
        return outcome.Task.GetAwaiter().GetResult();
    }
}

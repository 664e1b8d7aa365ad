using System.Runtime.InteropServices;

namespace PreciseBn.Native;

/// <summary>
/// Calls into libtorch that may throw what TorchSharp does not catch. The compiler of TorchScript reports errors by an
/// exception that is no <c>std::runtime_error</c>; it passes TorchSharp by, and would end the process with everything that
/// the user has in it.
/// </summary>
internal static unsafe partial class UncaughtExceptions
{
    private const string CppLibrary = "libstdc++.so.6";
    private const string ErrorReport = "N5torch3jit11ErrorReportE";

    // The handler is one for the process, and gets no argument: what it is to do has to stand where it can find it.
    private static readonly object Gate = new();
    private static nint previousHandler;

    [ThreadStatic]
    private static Action<string?>? report;

    /// <summary>Runs a call; an exception of libtorch that TorchSharp lets through comes as an <see cref="ExternalException"/>.</summary>
    public static T Catch<T>(Func<T> call)
    {
        // Elsewhere there is no such library; on Windows the runtime turns the exception into a SEHException by itself.
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return call();
        lock (Gate)
        {
            previousHandler = SetTerminate((nint)(delegate* unmanaged<void>)&OnTerminate);
            try
            {
                return RunOnThread(call);
            }
            finally
            {
                SetTerminate(previousHandler);
            }
        }
    }

    // The thread that throws cannot be unwound and must not return; it is parked, so it must not be that of the caller.
    private static T RunOnThread<T>(Func<T> call)
    {
        var outcome = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            report = message => outcome.TrySetException(new ExternalException(message ?? "libtorch failed and gave no reason."));
            try
            {
                outcome.TrySetResult(call());
            }
            catch (Exception e)
            {
                outcome.TrySetException(e);
            }
        })
        { IsBackground = true }.Start();
        return outcome.Task.GetAwaiter().GetResult();
    }

    [UnmanagedCallersOnly]
    private static void OnTerminate()
    {
        if (report is null)
            ((delegate* unmanaged<void>)previousHandler)();
        report!(MessageOfErrorReport());
        Thread.Sleep(Timeout.Infinite);
    }

    private static string? MessageOfErrorReport()
    {
        // std::type_info is its vtable and then a pointer to its name; what() is the third function of std::exception.
        var type = (nint*)CurrentExceptionType();
        if (type is null || Marshal.PtrToStringUTF8(type[1]) != ErrorReport)
            return null;
        nint** exception;
        CurrentException(&exception);
        var what = (delegate* unmanaged<nint**, nint>)(*exception)[2];
        return Marshal.PtrToStringUTF8(what(exception));
    }

    [LibraryImport(CppLibrary, EntryPoint = "_ZSt13set_terminatePFvvE")]
    private static partial nint SetTerminate(nint handler);

    [LibraryImport(CppLibrary, EntryPoint = "__cxa_current_exception_type")]
    private static partial nint CurrentExceptionType();

    [LibraryImport(CppLibrary, EntryPoint = "_ZSt17current_exceptionv")]
    private static partial void CurrentException(nint*** result);
}

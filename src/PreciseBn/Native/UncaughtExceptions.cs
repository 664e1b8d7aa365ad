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

using System.Runtime.InteropServices;

namespace PreciseBn.Files;

/// <summary>What Linux and macOS have in common when they tell about files.</summary>
internal static class UnixFile
{
    private const int KindMask = 0xf000;
    private const int RegularKind = 0x8000;
    private const long NanosecondsInSecond = 1_000_000_000;

    private const int NoSuchFile = 2;
    private const int AccessDenied = 13;
    private const int NotADirectory = 20;

    /// <summary>Whether the last call failed because the path leads nowhere.</summary>
    public static bool IsNothingThere => Marshal.GetLastPInvokeError() is NoSuchFile or NotADirectory;

    public static bool IsRegular(int mode) => (mode & KindMask) == RegularKind;

    public static long Time(long seconds, long nanoseconds) => unchecked((seconds * NanosecondsInSecond) + nanoseconds);

    /// <summary>Why the last call failed, as .NET says it.</summary>
    public static Exception LastError() => Marshal.GetLastPInvokeError() == AccessDenied
        ? new UnauthorizedAccessException(Marshal.GetLastPInvokeErrorMessage())
        : new IOException(Marshal.GetLastPInvokeErrorMessage());
}

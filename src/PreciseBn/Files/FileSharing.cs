namespace PreciseBn.Files;

/// <summary>
/// Waits for a moment where another program has a file open and does not share it, as virus scanners and clients of cloud folders
/// do for some milliseconds after every change.
/// </summary>
internal static class FileSharing
{
    // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION and ERROR_USER_MAPPED_FILE; and EWOULDBLOCK, by which .NET tells that another
    // program of .NET has the file to itself.
    private static readonly int[] WindowsErrors = [unchecked((int)0x80070020), unchecked((int)0x80070021), unchecked((int)0x800704c8)];
    private const int LinuxError = 11;
    private const int MacError = 35;

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(10);
    private const int Tries = 7;

    /// <summary>Whether something failed because another program has the file open.</summary>
    public static bool IsViolation(Exception e) => e is IOException && (OperatingSystem.IsWindows()
        ? WindowsErrors.Contains(e.HResult)
        : e.HResult == (OperatingSystem.IsLinux() ? LinuxError : MacError));

    /// <summary>Whether something failed because another program has the file open, or may have failed for that.</summary>
    /// <remarks>Windows also says that access is denied where a file that is open is to be replaced, or one that is about to go is opened.</remarks>
    public static bool MayBeViolation(Exception e) => IsViolation(e) || (OperatingSystem.IsWindows() && e is UnauthorizedAccessException);

    /// <summary>Whether another program has a file open and would not let it be replaced.</summary>
    public static bool IsInUse(string path)
    {
        try
        {
            using var all = File.OpenHandle(path, access: FileAccess.ReadWrite, share: FileShare.None);
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return IsViolation(e);
        }
    }

    /// <summary>Does something, and again if that may help, for two thirds of a second in all.</summary>
    public static void Retry(Action action, Func<Exception, bool> mayPass) => Retry<object?>(
        () =>
        {
            action();
            return null;
        }, mayPass);

    /// <summary>Does something, and again if that may help, for two thirds of a second in all.</summary>
    public static T Retry<T>(Func<T> action, Func<Exception, bool> mayPass)
    {
        var wait = FirstWait;
        for (var left = Tries; ; left--, wait *= 2)
        {
            try
            {
                return action();
            }
            catch (Exception e) when (left > 1 && mayPass(e))
            {
                Thread.Sleep(wait);
            }
        }
    }
}

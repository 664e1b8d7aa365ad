namespace PreciseBn.Native;

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

using Xunit.Abstractions;

namespace Runner;

/// <summary>
/// Counts what became of tests, and writes a line for each as it starts and as it ends, so that a crash leaves behind where it was.
/// </summary>
internal sealed class Results(TextWriter log) : IMessageSink, IDisposable
{
    private int _passed;
    private int _failed;
    private int _skipped;

    public AutoResetEvent Finished { get; } = new(initialState: false);

    /// <summary>How many have passed, failed and been skipped.</summary>
    public string Counts => $"{_passed} {_failed} {_skipped}";

    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (log)
            Write(message);
        return true;
    }

    public void Dispose() => Finished.Dispose();

    private void Write(IMessageSinkMessage message)
    {
        switch (message)
        {
            case ITestStarting starting:
                log.WriteLine($"START {starting.Test.DisplayName}");
                break;
            case ITestPassed passed:
                _passed++;
                log.WriteLine($"PASS {passed.Test.DisplayName} ({passed.ExecutionTime} s)");
                break;
            case ITestSkipped skipped:
                _skipped++;
                log.WriteLine($"SKIP {skipped.Test.DisplayName}: {skipped.Reason}");
                break;
            case ITestFailed failed:
                WriteFailure(failed.Test.DisplayName, failed);
                break;
            // The end of a test, of a class or of the whole can fail too.
            case IFailureInformation failure:
                WriteFailure(message.GetType().Name, failure);
                break;
            case ITestAssemblyFinished:
                Finished.Set();
                break;
        }
    }

    private void WriteFailure(string what, IFailureInformation failure)
    {
        _failed++;
        log.WriteLine($"FAIL {what}");
        for (var i = 0; i < failure.Messages.Length; i++)
            log.WriteLine($"{failure.ExceptionTypes[i]}: {failure.Messages[i]}\n{failure.StackTraces[i]}");
    }
}

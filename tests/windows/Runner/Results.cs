using Xunit.Abstractions;
using Xunit.Sdk;

namespace Runner;

/// <summary>
/// Counts what became of tests, and writes a line for each as it starts and as it ends, so that a crash leaves behind where it was.
/// </summary>
internal sealed class Results(TextWriter log) : IMessageSink, IDisposable
{
    private const int MostTriedAgain = 3;

    private readonly List<IXunitTestCase> _failedCases = [];
    private int _passed;
    private int _failed;
    private int _skipped;

    public ManualResetEvent Finished { get; } = new(initialState: false);

    /// <summary>How many have passed, failed and been skipped.</summary>
    public string Counts => $"{_passed} {_failed} {_skipped}";

    /// <summary>The few tests that have failed, to be run once more and counted then; none if there are more than a few.</summary>
    public IReadOnlyList<IXunitTestCase> TakeFailed()
    {
        if (_failed != _failedCases.Count || _failed > MostTriedAgain)
            return [];
        IXunitTestCase[] again = [.. _failedCases];
        foreach (var test in again)
            log.WriteLine($"AGAIN {test.DisplayName}");
        _failedCases.Clear();
        _failed = 0;
        Finished.Reset();
        return again;
    }

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
                _failedCases.Add((IXunitTestCase)failed.TestCase);
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

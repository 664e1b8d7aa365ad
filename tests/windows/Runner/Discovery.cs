using Xunit.Abstractions;
using Xunit.Sdk;

namespace Runner;

/// <summary>Collects the tests of an assembly.</summary>
internal sealed class Discovery : IMessageSink, IDisposable
{
    public List<IXunitTestCase> Tests { get; } = [];

    public ManualResetEvent Finished { get; } = new(initialState: false);

    public bool OnMessage(IMessageSinkMessage message)
    {
        switch (message)
        {
            case ITestCaseDiscoveryMessage found:
                Tests.Add((IXunitTestCase)found.TestCase);
                break;
            case IDiscoveryCompleteMessage:
                Finished.Set();
                break;
        }
        return true;
    }

    public void Dispose() => Finished.Dispose();
}

using System.Runtime.InteropServices;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>
/// Cancels work when the process is asked to end by SIGTERM, as schedulers do some time before they kill: so it can be saved and handed
/// back.
/// </summary>
internal sealed class TerminationSignal : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration _registration;

    /// <param name="stop">What cancels the work otherwise.</param>
    public TerminationSignal(CancellationToken stop)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            _source.Cancel();
        });
    }

    public CancellationToken Token => _source.Token;

    /// <summary>What is said of the work then.</summary>
    public static PreciseBnException Interrupted(ShardOptions options) => new(
        "Interrupted", ErrorKind.Interrupted,
        $"The process was asked to end while shard {options.Shard} was measured; the work so far is saved beside '{options.Checkpoint}'.",
        "Give the same command again to go on.", options.Checkpoint);

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }
}

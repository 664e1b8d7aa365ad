namespace PreciseBn.Native;

/// <summary>
/// Something that is otherwise in the whole process for as long as anybody wants it so: the first to come changes it, and the last to
/// go takes it back, however many measurements run at once.
/// </summary>
/// <param name="change">Makes the change, and returns what takes it back.</param>
internal sealed class ProcessChange(Func<Action> change)
{
    private readonly Lock _gate = new();
    private Action? _takeBack;
    private int _holders;

    /// <summary>Holds the change until the result is disposed of.</summary>
    public IDisposable Hold()
    {
        lock (_gate)
        {
            if (_holders == 0)
                _takeBack = change();
            _holders++;
        }
        return new Holder(this);
    }

    private void Release()
    {
        lock (_gate)
        {
            if (--_holders == 0)
                _takeBack!();
        }
    }

    private sealed class Holder(ProcessChange held) : IDisposable
    {
        private ProcessChange? _held = held;

        public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();
    }
}

using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>
/// Has convolutions and matrix products on NVIDIA cards use all digits of float32 for a while. By default cuDNN rounds what it
/// multiplies to TF32, which has three decimal digits.
/// </summary>
internal static class FullPrecision
{
    private static readonly ProcessChange Change = new(SwitchOff);

    /// <summary>Keeps TF32 off until the result is disposed of, in the whole process, whose switches these are.</summary>
    public static IDisposable Hold() => Change.Hold();

    private static Action SwitchOff()
    {
        var before = (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32);
        Allow((false, false));
        return () => Allow(before);
    }

    private static void Allow((bool Products, bool Convolutions) values) =>
        (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = values;
}

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

using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>
/// Has convolutions and matrix products on NVIDIA cards use all digits of float32 for a while. By default cuDNN rounds what it
/// multiplies to TF32, which has three decimal digits.
/// </summary>
/// <remarks>
/// The switches are those of the process, in which several measurements may run at once: the last to end gives them back.
/// </remarks>
internal sealed class FullPrecision : IDisposable
{
    private static readonly Lock Gate = new();
    private static int holders;
    private static (bool Products, bool Convolutions) before;

    private bool _isHeld = true;

    public FullPrecision()
    {
        lock (Gate)
        {
            if (holders++ > 0)
                return;
            before = (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32);
            Allow((false, false));
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            if (_isHeld && --holders == 0)
                Allow(before);
            _isHeld = false;
        }
    }

    private static void Allow((bool Products, bool Convolutions) values) =>
        (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32) = values;
}

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

using System.Reflection;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>
/// Gives a TorchScript model back. TorchSharp's <c>named_modules</c>, which its <c>Dispose</c>
/// calls too, makes a reference to the model itself and drops it: all weights would stay in memory for good.
/// </summary>
internal static class ScriptModules
{
    private static readonly FieldInfo? Handle = typeof(nn.Module).GetField("handle", BindingFlags.Instance | BindingFlags.NonPublic);

    /// <summary>Does what its <c>Dispose</c> should do.</summary>
    public static void Release(jit.ScriptModule module)
    {
        if (Handle?.GetValue(module) is not SafeHandle handle)
        {
            module.Dispose();
            return;
        }
        foreach (var (_, buffer) in module.named_buffers(recurse: false))
            buffer.DetachFromDisposeScope().Dispose();
        foreach (var (_, parameter) in module.named_parameters(recurse: false))
            parameter.DetachFromDisposeScope().Dispose();
        handle.Dispose();
        handle.SetHandleAsInvalid();
        GC.SuppressFinalize(module);
    }
}

using System.Reflection;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace PreciseBn.Native;

/// <summary>
/// Finds the modules of a TorchScript model and gives them back. TorchSharp's <c>named_modules</c>, which its <c>Dispose</c>
/// calls too, makes a reference to the model itself and drops it: all weights would stay in memory for good.
/// </summary>
internal static class ScriptModules
{
    private static readonly FieldInfo? Handle = typeof(nn.Module).GetField("handle", BindingFlags.Instance | BindingFlags.NonPublic);

    /// <summary>The modules of these names below a module, by their full names; each is to be released.</summary>
    public static Dictionary<string, jit.ScriptModule> Find(jit.ScriptModule module, IReadOnlySet<string> names)
    {
        var found = new Dictionary<string, jit.ScriptModule>();
        Find(module, "", names, found);
        return found;
    }

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

    private static void Find(jit.ScriptModule module, string prefix, IReadOnlySet<string> names, Dictionary<string, jit.ScriptModule> found)
    {
        foreach (var (name, item) in module.named_children())
        {
            var child = (jit.ScriptModule)item;
            Find(child, $"{prefix}{name}.", names, found);
            if (names.Contains(prefix + name))
                found[prefix + name] = child;
            else
                Release(child);
        }
    }
}

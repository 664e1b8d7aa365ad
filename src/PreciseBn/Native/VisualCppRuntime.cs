using System.Runtime.InteropServices;
using PreciseBn.Primitives;
using TorchSharp;

namespace PreciseBn.Native;

/// <summary>The C++ library that libtorch is linked against in Windows, which comes with many programs, but not with Windows.</summary>
internal static class VisualCppRuntime
{
    private static readonly string[] Libraries = ["vcruntime140.dll", "vcruntime140_1.dll", "msvcp140.dll"];

    /// <exception cref="PreciseBnException">A part of it is missing.</exception>
    public static void Require() => Require(library => NativeLibrary.TryLoad(library, typeof(torch).Assembly, null, out _));

    internal static void Require(Func<string, bool> isThere)
    {
        if (Libraries.Where(library => !isThere(library)).ToArray() is { Length: > 0 } missing)
            throw Missing(missing);
    }

    private static PreciseBnException Missing(string[] libraries) => new(
        "VisualCppRuntimeMissing", ErrorKind.NotInstalled,
        $"libtorch cannot be loaded: this machine lacks {string.Join(", ", libraries)} of the Visual C++ runtime.",
        "Install the Microsoft Visual C++ Redistributable, https://aka.ms/vs/17/release/vc_redist.x64.exe, and start again.");
}

using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace PreciseBn.Native;

/// <summary>
/// Where libtorch is when it does not lie beside TorchSharp: it is half a gigabyte, and an application may have it in a package of
/// its own.
/// </summary>
public static class LibTorchFolder
{
    private const string Setting = "PreciseBn.LibTorchFolder";

    /// <summary>Says what finds the folder. It is asked each time a library is looked for, as it may be installed meanwhile.</summary>
    /// <param name="find">Gives the full path of the folder, or <see langword="null"/> if there is none.</param>
    public static void FindWith(Func<string?> find)
    {
        if (AppContext.GetData(Setting) is null)
            AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly)!.ResolvingUnmanagedDll += Load;
        AppContext.SetData(Setting, find);
    }

    /// <summary>The name of the file of a native library on this platform.</summary>
    /// <param name="library">Its name as code has it, such as <c>torch_cpu</c>.</param>
    public static string FileNameOf(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    internal static string Current =>
        (AppContext.GetData(Setting) as Func<string?>)?.Invoke() ?? Path.GetDirectoryName(typeof(torch).Assembly.Location)!;

    private static nint Load(Assembly requesting, string library)
    {
        var file = Path.Combine(Current, FileNameOf(library));
        return requesting == typeof(torch).Assembly && File.Exists(file) ? NativeLibrary.Load(file) : default;
    }
}

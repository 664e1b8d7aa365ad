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
    private const string Finder = "PreciseBn.LibTorchFinder";
    private const string Remedy = "PreciseBn.LibTorchRemedy";

    /// <summary>Says what finds the folder. It is asked each time a library is looked for, as it may be installed meanwhile.</summary>
    /// <param name="find">Gives the full path of the folder, or <see langword="null"/> if there is none.</param>
    /// <param name="remedy">A sentence that says what to install where there is none.</param>
    public static void FindWith(Func<string?> find, string remedy)
    {
        if (AppContext.GetData(Finder) is null)
            AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly)!.ResolvingUnmanagedDll += Load;
        AppContext.SetData(Finder, find);
        AppContext.SetData(Remedy, remedy);
    }

    /// <summary>The name of the file of a native library on this platform.</summary>
    /// <param name="library">Its name as code has it, such as <c>torch_cpu</c>.</param>
    public static string FileNameOf(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    internal static string Current =>
        (AppContext.GetData(Finder) as Func<string?>)?.Invoke() ?? Path.GetDirectoryName(typeof(torch).Assembly.Location)!;

    internal static string HowToInstall =>
        AppContext.GetData(Remedy) as string ?? "Add the package of libtorch for this platform to the application, such as TorchSharp-cpu.";

    private static nint Load(Assembly requesting, string library)
    {
        var file = Path.Combine(Current, FileNameOf(library));
        return requesting == typeof(torch).Assembly && File.Exists(file) ? NativeLibrary.Load(file) : default;
    }
}

using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using PreciseBn.Primitives;
using TorchSharp;

namespace PreciseBn.Native;

/// <summary>
/// Makes sure that libtorch can be loaded before TorchSharp tries, which would print a trace and look in the NuGet cache.
/// </summary>
public static class TorchLibrary
{
    // std::ios_base_library_init() came with GLIBCXX_3.4.32 (GCC 13), which the TorchSharp library is linked against.
    private const string NewestSymbolNeeded = "_ZSt21ios_base_library_initv";

    /// <summary>Checks that libtorch is there and that the C++ library is new enough for it.</summary>
    /// <exception cref="PreciseBnException">It is not; the message says what to install.</exception>
    public static void Require()
    {
        if (!IsPresent("LibTorchSharp"))
            throw Missing();
        if (OperatingSystem.IsLinux())
            RequireCppLibrary();
        if (OperatingSystem.IsWindows())
            VisualCppRuntime.Require();
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception e) when (e is NotSupportedException or DllNotFoundException or TypeInitializationException)
        {
            throw Unloadable(e);
        }
    }

    /// <summary>Whether this is a build for CUDA devices; TorchSharp prints a trace where it looks for one and it is not.</summary>
    internal static bool HasCuda => IsPresent("torch_cuda");

    /// <summary>Loads a native library.</summary>
    /// <returns>Why it cannot be loaded, as a sentence; <c>null</c> if it was.</returns>
    internal static string? WhyUnloadable(string path)
    {
        try
        {
            NativeLibrary.Load(path);
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // .NET says what to do about such errors first, and what the system said last; on Windows that need not name the file.
            var reason = Sentence(e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1]);
            return reason.Contains(path, StringComparison.Ordinal) ? reason : $"'{path}': {reason}";
        }
    }

    private static bool IsPresent(string library) => File.Exists(PathOf(library));

    internal static string PathOf(string library)
    {
        var name = LibTorchFolder.FileNameOf(library);
        var path = Path.Combine(LibTorchFolder.Current, name);
        return File.Exists(path) ? path : Path.Combine(LibTorchFolder.Current, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", name);
    }

    private static void RequireCppLibrary()
    {
        if (!NativeLibrary.TryLoad("libstdc++.so.6", out var library))
            throw OldCppLibrary("there is no libstdc++.so.6");
        try
        {
            if (!NativeLibrary.TryGetExport(library, NewestSymbolNeeded, out _))
                throw OldCppLibrary("libstdc++.so.6 is older than GLIBCXX_3.4.32");
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    private static string Sentence(string line) => $"{line.Trim().TrimEnd('.')}.";

    private static PreciseBnException Missing() => new(
        "TorchLibraryMissing", ErrorKind.NotInstalled,
        $"libtorch is not there: '{LibTorchFolder.Current}' has no {LibTorchFolder.FileNameOf("LibTorchSharp")}.",
        LibTorchFolder.HowToInstall, LibTorchFolder.Current);

    private static PreciseBnException OldCppLibrary(string what) => new(
        "CppLibraryTooOld", ErrorKind.NotInstalled,
        $"libtorch cannot be loaded: {what}.",
        "Install the C++ library of GCC 13 or later (Debian 13, Ubuntu 24.04, Fedora 38); on Debian 12, './build.sh --install-libstdcxx' does it.");

    private static PreciseBnException Unloadable(Exception inner) => new(
        "TorchLibraryUnloadable", ErrorKind.NotInstalled,
        $"libtorch cannot be loaded: {WhyUnloadable(PathOf("torch_cpu")) ?? WhyUnloadable(PathOf("LibTorchSharp")) ?? Sentence(inner.GetBaseException().Message.Split('\n')[0])}",
        IsFromTheInternet
            ? $"Windows may hold its files back because they are marked as coming from the Internet: unblock those in '{LibTorchFolder.Current}' (Unblock-File), and start again."
            : "Use the module on 64-bit Windows, Linux (glibc 2.34 or later) or macOS, with the package for that platform.", null, inner);

    // The mark is a stream beside the contents of a downloaded file, and of what Windows unpacks from it.
    private static bool IsFromTheInternet =>
        OperatingSystem.IsWindows() && File.Exists(Path.Combine(LibTorchFolder.Current, "LibTorchSharp.dll:Zone.Identifier"));
}

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

/// <summary>
/// Where libtorch is when it does not lie beside TorchSharp: it is half a gigabyte, and an application may have it in a package of
/// its own.
/// </summary>
public static class LibTorchFolder
{
    private const string Finder = "PreciseBn.LibTorchFinder";
    private const string Remedy = "PreciseBn.LibTorchRemedy";

    // All else that TorchSharp asks for when it starts is for cards, and left out where the process sees none. It cannot wait until a card is
    // wanted: libtorch finds out at the start, and once, whether there is CUDA.
    private static readonly string[] Always = ["torch_cpu", "LibTorchSharp"];

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
    public static string FileNameOf(string library)
    {
        var (prefix, ending) = OperatingSystem.IsWindows() ? ("", ".dll") : OperatingSystem.IsMacOS() ? ("lib", ".dylib") : ("lib", ".so");
        // TorchSharp asks for some with the ending.
        return library.EndsWith(ending, StringComparison.Ordinal) ? library : $"{prefix}{library}{ending}";
    }

    internal static string Current =>
        (AppContext.GetData(Finder) as Func<string?>)?.Invoke() ?? Path.GetDirectoryName(typeof(torch).Assembly.Location)!;

    internal static string HowToInstall =>
        AppContext.GetData(Remedy) as string ?? "Add the package of libtorch for this platform to the application, such as TorchSharp-cpu.";

    private static nint Load(Assembly requesting, string library)
    {
        if (requesting != typeof(torch).Assembly)
            return default;
        var file = Path.Combine(Current, FileNameOf(library));
        return File.Exists(file) && (Always.Contains(library) || CudaDriver.Look().Cards.Count > 0) ? NativeLibrary.Load(file) : default;
    }
}

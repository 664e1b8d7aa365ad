using PreciseBn.Native;
using TorchSharp;

namespace PreciseBn.Loading;

/// <summary>
/// Finds libtorch: in the folder of this module, where it was built, or in a module of its own, as galleries take no package with
/// the natives of all platforms in it. That module is named after platform and flavour, and has the version of TorchSharp.
/// </summary>
internal static class LibTorchModule
{
    private static readonly string Name = $"PreciseBn.LibTorch.{ModuleFolder.Platform}";
    private static readonly string Version = typeof(torch).Assembly.GetName().Version!.ToString(3);

    /// <summary>What to do where it is not.</summary>
    public static string HowToInstall { get; } =
        $"Install it with 'Install-PSResource {Name} -Version {Version}', or copy the module of that name to a folder of $env:PSModulePath.";

    /// <summary>The folder with the libraries, or <see langword="null"/> if they are nowhere.</summary>
    public static string? Find() =>
        Folders().FirstOrDefault(folder => File.Exists(Path.Combine(folder, LibTorchFolder.FileNameOf("LibTorchSharp"))));

    private static IEnumerable<string> Folders() => ModuleRoots()
        .SelectMany(_ => new[] { $"{Name}-cuda", Name }, (root, name) => Path.Combine(root, name, Version, "natives"))
        .Prepend(ModuleFolder.Natives);

    // Beside this module, with or without a folder for its version, and wherever modules are.
    private static IEnumerable<string> ModuleRoots() =>
    [
        Path.GetFullPath(Path.Combine(ModuleFolder.Root, "..")),
        Path.GetFullPath(Path.Combine(ModuleFolder.Root, "..", "..")),
        .. (Environment.GetEnvironmentVariable("PSModulePath") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
    ];
}

using System.Reflection;
using System.Runtime.InteropServices;

namespace PreciseBn.Loading;

/// <summary>What lies where in the folder of the module.</summary>
internal static class ModuleFolder
{
    private static readonly string Assemblies = Path.GetDirectoryName(typeof(ModuleFolder).Assembly.Location)!;

    /// <summary>The folder with the manifest.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Assemblies, "..", ".."));

    /// <summary>Assemblies that no other module is to see.</summary>
    public static string PrivateAssemblies { get; } = Path.Combine(Assemblies, "private");

    /// <summary>Native libraries for this platform.</summary>
    public static string Natives { get; } = Path.Combine(Assemblies, "natives", Platform);

    /// <summary>Whether an assembly is one that the module shows to others.</summary>
    public static bool Has(Assembly? assembly) =>
        assembly is { IsDynamic: false } && Path.GetDirectoryName(assembly.Location) == Assemblies;

    /// <summary>This platform as packages name it, such as <c>linux-x64</c>.</summary>
    public static string Platform
    {
        get
        {
            var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
            return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        }
    }
}

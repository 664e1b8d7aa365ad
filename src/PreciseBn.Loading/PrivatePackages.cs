using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace PreciseBn.Loading;

/// <summary>
/// What only this module uses, and the assemblies that use it, in a context of their own: another module may have loaded other
/// versions, or do so later. TorchSharp is shared, as its tensors are the user's.
/// </summary>
internal sealed class PrivatePackages : AssemblyLoadContext
{
    private static readonly PrivatePackages Context = new();

    private PrivatePackages() : base("PreciseBn")
    {
        // The event tells who asks, which that of the load context does not: other modules are left to themselves.
        AppDomain.CurrentDomain.AssemblyResolve += (_, wanted) =>
            ModuleFolder.Has(wanted.RequestingAssembly) ? Load(new AssemblyName(wanted.Name)) : null;
    }

    /// <summary>From now on the module finds them.</summary>
    public static void Provide() => _ = Context.Name;

    protected override Assembly? Load(AssemblyName name)
    {
        var file = Path.Combine(ModuleFolder.PrivateAssemblies, $"{name.Name}.dll");
        return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
    }

    protected override nint LoadUnmanagedDll(string name)
    {
        var extension = OperatingSystem.IsWindows() ? "dll" : OperatingSystem.IsMacOS() ? "dylib" : "so";
        string[] files = [$"{name}.{extension}", $"lib{name}.{extension}"];
        return files.Select(file => Path.Combine(ModuleFolder.Natives, file)).FirstOrDefault(File.Exists) is { } found
            ? NativeLibrary.Load(found)
            : default;
    }
}

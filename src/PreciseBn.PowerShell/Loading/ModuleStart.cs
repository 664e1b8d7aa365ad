using System.Management.Automation;
using PreciseBn.Native;

namespace PreciseBn.PowerShell.Loading;

/// <summary>What happens when the module is imported, before any of its cmdlets runs.</summary>
public sealed class ModuleStart : IModuleAssemblyInitializer
{
    /// <summary>Says where the module's packages and libtorch are; nothing is loaded yet.</summary>
    public void OnImport()
    {
        PrivatePackages.Provide();
        LibTorchFolder.FindWith(LibTorchModule.Find);
    }
}

using System.Management.Automation;
using PreciseBn.Native;

namespace PreciseBn.Loading;

/// <summary>
/// What happens when the module is imported. It is a nested module of the manifest, as PowerShell looks at the types of the cmdlets, and
/// so loads what they name, before an initializer of their own assembly could run.
/// </summary>
public sealed class ModuleStart : IModuleAssemblyInitializer
{
    /// <summary>Says where the module's packages and libtorch are; nothing is loaded yet.</summary>
    public void OnImport()
    {
        PrivatePackages.Provide();
        LibTorchFolder.FindWith(LibTorchModule.Find, LibTorchModule.HowToInstall);
    }
}

using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>What is packaged is complete, has nothing that does not belong there, and works by itself.</summary>
public sealed partial class PackageTests(BuiltPackage package) : IClassFixture<BuiltPackage>, IDisposable
{
    private static readonly string Version = ManifestVersion().Match(File.ReadAllText(Repository.Manifest)).Groups[1].Value;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_manifest_is_valid_and_has_the_version_of_the_assemblies()
    {
        using var session = new PowerShellSession(_folder.Path);
        var manifest = session.Invoke("Test-ModuleManifest $args[0]", Path.Combine(package.Folder, "PreciseBn.psd1"));

        Assert.Empty(manifest.Errors);
        Assert.Equal(Version, Assert.Single(manifest.Values("Version"))!.ToString());
        Assert.Equal(Version, Path.GetFileName(package.Folder));
        Assert.StartsWith(Version, FileVersionInfo.GetVersionInfo(Path.Combine(package.Folder, "module/bin/PreciseBn.dll")).ProductVersion);
    }

    [Fact]
    public void All_cmdlets_of_the_module_are_exported()
    {
        using var session = new PowerShellSession(_folder.Path);
        var cmdlets = session.Invoke("Get-Command -Module PreciseBn").Values("ImplementingType").Cast<Type>().ToArray();
        var all = cmdlets[0].Assembly.GetTypes().Where(type => typeof(System.Management.Automation.Cmdlet).IsAssignableFrom(type) && !type.IsAbstract);

        Assert.Equal(all.Select(type => type.Name).Order(), cmdlets.Select(type => type.Name).Order());
    }

    [Fact]
    public void Leftovers_of_the_build_are_not_in_it()
    {
        Assert.All(package.Files.Where(file => !file.StartsWith("module/examples/")), file => Assert.Matches(@"\.(psd1|ps1|ps1xml|dll|so|so\.1|dylib|txt|TXT|md)$|-Help\.xml$|^LICENSE$", file));
        Assert.DoesNotContain(package.Files, file => file.Contains("torch_python") || file.Contains("_test.") || file.StartsWith("module/help"));
        Assert.Contains("en-US/PreciseBn.PowerShell.dll-Help.xml", package.Files);
        Assert.Contains("module/examples/drift-monitor.ps1", package.Files);
    }

    [Fact]
    public void Licences_are_in_it_and_name_every_part_of_others()
    {
        var notices = File.ReadAllText(Path.Combine(package.Folder, "THIRD-PARTY-NOTICES.md"));
        var parts = package.Files.Where(file => file.StartsWith("module/bin/")).Select(file => PartName().Match(Path.GetFileName(file)).Groups[1].Value)
            .Where(name => !name.StartsWith("PreciseBn") && !name.StartsWith("torch"));

        Assert.Contains("LICENSE", package.Files);
        Assert.Contains(package.Files, file => file.StartsWith("licences/libtorch-cpu") && file.EndsWith("/LICENSE-LIBTORCH.txt"));
        Assert.All(parts, part => Assert.Contains(part, notices));
    }

    [Fact]
    public void The_archive_has_the_files_of_the_folder_and_says_that_it_is_a_module()
    {
        using var archive = ZipFile.OpenRead(package.Archive);
        using var nuspec = archive.GetEntry("PreciseBn.nuspec")!.Open();
        var metadata = XDocument.Load(nuspec).Root!.Elements().Single();

        Assert.Equal($"PreciseBn.{Version}.nupkg", Path.GetFileName(package.Archive));
        Assert.Empty(package.Files.Except(archive.Entries.Select(entry => entry.FullName)));
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;
        Assert.Equal(("PreciseBn", Version), (Value("id"), Value("version")));
        Assert.Contains("PSModule", Value("tags").Split(' '));
    }

    public void Dispose() => _folder.Dispose();

    [GeneratedRegex(@"ModuleVersion\s*=\s*'([^']+)'")]
    private static partial Regex ManifestVersion();

    [GeneratedRegex(@"^(?:lib)?(.*?)(?:-[0-9a-f]+)?\.(?:dll|so|dylib)")]
    private static partial Regex PartName();
}

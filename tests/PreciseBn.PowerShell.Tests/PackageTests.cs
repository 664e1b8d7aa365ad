using System.Diagnostics;
using System.Text.RegularExpressions;
using PreciseBn.PowerShell.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>What is published is complete, has nothing that does not belong there, and tells the truth about itself.</summary>
public sealed partial class PackageTests(BuiltPackage package) : IClassFixture<BuiltPackage>
{
    private static readonly string Manifest = File.ReadAllText(Repository.Manifest);
    private static readonly string Version = ManifestVersion().Match(Manifest).Groups[1].Value;

    public static TheoryData<string> Platforms() => [.. BuiltPackage.Platforms];

    [Fact]
    public void Folder_and_assemblies_have_the_version_of_the_manifest()
    {
        Assert.Equal(Version, Path.GetFileName(package.Folder));
        Assert.StartsWith(Version, FileVersionInfo.GetVersionInfo(Path.Combine(package.Folder, "module/bin/PreciseBn.dll")).ProductVersion);
    }

    [Fact]
    public void Leftovers_of_the_build_are_not_in_it()
    {
        Assert.All(
            package.Files.Where(file => !file.StartsWith("module/examples/")),
            file => Assert.Matches(@"\.(psd1|ps1xml|dll|so|dylib|txt|TXT|md)$|-Help\.xml$|^LICENSE$", file));
        Assert.DoesNotContain(package.Files, file => file.StartsWith("module/help"));
        Assert.Contains("en-US/PreciseBn.PowerShell.dll-Help.xml", package.Files);
        Assert.Contains("module/examples/drift-monitor.ps1", package.Files);
    }

    [Fact]
    public void What_other_modules_may_bring_in_another_version_is_not_for_them_to_see() => Assert.Equal(
        ["module/bin/PreciseBn.Loading.dll", "module/bin/PreciseBn.PowerShell.dll", "module/bin/PreciseBn.dll", "module/bin/TorchSharp.dll"],
        package.Files.Where(file => Path.GetDirectoryName(file) == Path.Combine("module", "bin")));

    [Theory]
    [MemberData(nameof(Platforms))]
    public void Native_libraries_are_there_for_each_platform_and_of_it(string platform)
    {
        var natives = package.Files.Where(file => file.StartsWith($"module/bin/natives/{platform}/")).ToArray();

        Assert.Equal(3, natives.Length);
        Assert.Equal([platform], NativePlatform.In(Path.Combine(package.Folder, "module/bin/natives", platform)).Select(natives => natives.Key));
        Assert.DoesNotContain(natives, file => file.Contains("torch", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [MemberData(nameof(Platforms))]
    public void Libtorch_is_a_module_of_its_own_for_each_platform(string platform)
    {
        var folder = package.LibTorchFolder(platform);
        var files = BuiltPackage.FilesOf(folder);
        var natives = files.Where(file => file.StartsWith("natives/")).ToArray();

        Assert.Contains(natives, file => Path.GetFileNameWithoutExtension(file).EndsWith("LibTorchSharp"));
        Assert.Contains(natives, file => Path.GetFileNameWithoutExtension(file).EndsWith("torch_cpu"));
        Assert.Equal([platform], NativePlatform.In(folder).Select(natives => natives.Key));
        Assert.DoesNotContain(natives, file => file.Contains("torch_python") || file.Contains("_test."));
        Assert.Contains(files, file => file.StartsWith("licences/libtorch-cpu") && file.EndsWith("/LICENSE-LIBTORCH.txt"));
        var manifest = File.ReadAllText(Path.Combine(folder, $"PreciseBn.LibTorch.{platform}.psd1"));
        Assert.Equal(Path.GetFileName(folder), ManifestVersion().Match(manifest).Groups[1].Value);
        Assert.DoesNotContain("'{", manifest);
    }

    [Fact]
    public void Libtorch_has_the_version_that_the_module_asks_for() => Assert.Equal(
        FileVersionInfo.GetVersionInfo(Path.Combine(package.Folder, "module/bin/TorchSharp.dll")).ProductVersion!.Split('+')[0],
        Path.GetFileName(package.LibTorchFolder("linux-x64")));

    [Fact]
    public void Licences_are_in_it_and_name_every_part_of_others()
    {
        var notices = File.ReadAllText(Path.Combine(package.Folder, "THIRD-PARTY-NOTICES.md"));
        var parts = package.Files.Where(file => file.StartsWith("module/bin/")).Select(Path.GetFileName)
            .Concat(BuiltPackage.Platforms.SelectMany(platform => Directory.GetFiles(Path.Combine(package.LibTorchFolder(platform), "natives")).Select(Path.GetFileName)))
            .Select(file => PartName().Match(file!).Groups[1].Value)
            .Where(name => !name.StartsWith("PreciseBn") && !name.StartsWith("torch"));

        Assert.Contains("LICENSE", package.Files);
        Assert.All(parts, part => Assert.Contains(part, notices));
    }

    [Fact]
    public void Manifest_projects_and_pages_of_help_name_one_home()
    {
        var home = ManifestHome().Match(Manifest).Groups[1].Value;
        var project = ProjectHome().Match(File.ReadAllText(Path.Combine(Repository.Root, "src/Directory.Build.props"))).Groups[1].Value;
        var pages = File.ReadAllText(Path.Combine(Repository.Root, "src/PreciseBn.PowerShell/HelpPages.cs"));

        Assert.NotEmpty(home);
        Assert.Equal(home, project);
        Assert.Contains($"\"{home}/blob/main/module/help/\"", pages);
    }

    [GeneratedRegex(@"ModuleVersion\s*=\s*'([^']+)'")]
    private static partial Regex ManifestVersion();

    [GeneratedRegex(@"ProjectUri\s*=\s*'([^']+)'")]
    private static partial Regex ManifestHome();

    [GeneratedRegex(@"<PackageProjectUrl>([^<]+)</PackageProjectUrl>")]
    private static partial Regex ProjectHome();

    [GeneratedRegex(@"^(?:lib)?(.*?)(?:-[0-9a-f]+)?\.(?:dll|so|dylib)")]
    private static partial Regex PartName();
}

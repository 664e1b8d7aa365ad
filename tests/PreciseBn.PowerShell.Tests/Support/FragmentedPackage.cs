using System.IO.Compression;
using System.Security.Cryptography;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>
/// A project with a made-up package of a native library that came in fragments, as those of libtorch for CUDA do. It is built with the
/// targets of the module, and fills a folder as the module does.
/// </summary>
internal sealed class FragmentedPackage : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="library">What is in the file of the library, after TorchSharp has joined it or has not.</param>
    /// <param name="whole">What the checksum in the package is of.</param>
    public FragmentedPackage(string library, string whole)
    {
        Directory.CreateDirectory(_folder.File("source"));
        using (var package = ZipFile.Open(_folder.File("source/made-up-primary.1.0.0.nupkg"), ZipArchiveMode.Create))
        {
            Add(package, "made-up-primary.nuspec", """
                <?xml version="1.0"?>
                <package><metadata><id>made-up-primary</id><version>1.0.0</version><authors>made up</authors><description>made up</description></metadata></package>
                """);
            Add(package, "runtimes/win-x64/native/made_up.dll", library);
            Add(package, "runtimes/win-x64/native/made_up.dll.sha", Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(whole))));
        }
        var source = Path.Combine(Repository.Root, "src");
        File.WriteAllText(_folder.File("Directory.Build.props"), "<Project />");
        File.WriteAllText(_folder.File("Directory.Packages.props"), "<Project />");
        File.WriteAllText(_folder.File("Directory.Build.targets"), $"""<Project><Import Project="{source}/Directory.Build.targets" /></Project>""");
        File.WriteAllText(_folder.File("made-up.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <RuntimeIdentifier>win-x64</RuntimeIdentifier>
                <SelfContained>false</SelfContained>
                <EnableDynamicLoading>true</EnableDynamicLoading>
                <TorchBackend>cpu</TorchBackend>
                <RestoreSources>$(MSBuildProjectDirectory)/source</RestoreSources>
                <RestorePackagesPath>$(MSBuildProjectDirectory)/packages</RestorePackagesPath>
                <LibTorchFolder>$(MSBuildProjectDirectory)/module/</LibTorchFolder>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="made-up-primary" Version="1.0.0" />
              </ItemGroup>
              <Import Project="{source}/PreciseBn.PowerShell/Natives.targets" />
              <Target Name="FillModuleFolder" AfterTargets="Build">
                <Copy SourceFiles="$(OutDir)made_up.dll" DestinationFolder="$(LibTorchFolder)" />
              </Target>
            </Project>
            """);
    }

    public (int ExitCode, string Output) Build()
    {
        var (exitCode, output, errors) = Programs.Dotnet(
            _folder.Path, new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" }, "build", "--nologo", "-v", "q", "-p:UseSharedCompilation=false", "-p:NuGetAudit=false");
        return (exitCode, output + errors);
    }

    /// <summary>What the build has made of the package, without folders.</summary>
    public IEnumerable<string> Natives => Directory.GetFiles(_folder.Path, "made_up*", SearchOption.AllDirectories)
        .Where(file => !file.StartsWith(_folder.File("packages"))).Select(file => Path.GetFileName(file)).Distinct();

    public void Dispose() => _folder.Dispose();

    private static void Add(ZipArchive package, string name, string text)
    {
        using var writer = new StreamWriter(package.CreateEntry(name).Open());
        writer.Write(text);
    }
}

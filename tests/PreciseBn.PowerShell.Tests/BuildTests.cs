using System.IO.Compression;
using PreciseBn.PowerShell.Tests.Support;
using PreciseBn.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>One property chooses the flavour of libtorch. The project is evaluated, as not every flavour can be restored everywhere.</summary>
public sealed class BuildTests
{
    [Theory]
    [InlineData("", "TorchSharp-cpu")]
    [InlineData("-p:TorchBackend=cuda-windows", "TorchSharp-cuda-windows")]
    [InlineData("-p:TorchBackend=cuda-linux", "TorchSharp-cuda-linux")]
    public void The_backend_property_chooses_the_package(string property, string package)
    {
        string[] arguments = ["msbuild", Path.Combine(Repository.Root, "src/PreciseBn/PreciseBn.csproj"), "-getItem:PackageReference", property];

        var (exitCode, output, _) = Programs.Dotnet(
            Repository.Root, new Dictionary<string, string>(), arguments.Where(argument => argument.Length > 0));

        Assert.Equal(0, exitCode);
        Assert.Contains($"\"{package}\"", output);
        Assert.Single(output.Split("\"Identity\": \"TorchSharp-").Skip(1));
    }

    [Theory]
    [InlineData("cuda-windows", "linux-x64", "is for win-x64, but this build is for linux-x64")]
    [InlineData("cuda-linux", "win-x64", "is for linux-x64, but this build is for win-x64")]
    [InlineData("cuda", "linux-x64", "There is no TorchBackend 'cuda'")]
    public void A_backend_of_another_platform_is_refused_before_any_package_is_looked_for(string backend, string platform, string text)
    {
        var (exitCode, output, _) = Programs.Dotnet(
            Repository.Root, new Dictionary<string, string>(),
            "msbuild", "src/PreciseBn/PreciseBn.csproj", "-restore", "-nologo", $"-p:TorchBackend={backend}", $"-p:RuntimeIdentifier={platform}");

        Assert.NotEqual(0, exitCode);
        Assert.Contains(text, output);
        Assert.DoesNotContain("NU1101", output);
    }

    [Fact]
    public void A_native_library_that_was_joined_wholly_is_taken_without_its_checksum()
    {
        using var package = new FragmentedPackage("first part, second part", "first part, second part");

        var (exitCode, output) = package.Build();

        Assert.True(exitCode == 0, output);
        Assert.Equal(["made_up.dll"], package.Natives);
    }

    [Fact]
    public void A_native_library_of_which_a_part_is_missing_fails_the_build_each_time()
    {
        using var package = new FragmentedPackage("first part, ", "first part, second part");

        foreach (var (exitCode, output) in new[] { package.Build(), package.Build() })
        {
            Assert.NotEqual(0, exitCode);
            Assert.Contains("made_up.dll' does not match the checksum of its package", output);
        }
    }

    [Fact]
    public void The_core_is_a_package_for_NET_whose_users_choose_the_flavour_of_libtorch()
    {
        using var folder = new TemporaryFolder();

        var (exitCode, output, _) = Programs.Dotnet(
            Repository.Root, new Dictionary<string, string>(),
            ["pack", "src/PreciseBn", "-c", "Release", "--nologo", "--artifacts-path", folder.File("build"), "-o", folder.File("library")]);

        Assert.True(exitCode == 0, output);
        using var package = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(folder.File("library"), "PreciseBn.Core.*.nupkg")));
        using var manifest = new StreamReader(package.GetEntry("PreciseBn.Core.nuspec")!.Open());
        var text = manifest.ReadToEnd();
        Assert.Contains("<readme>README.md</readme>", text);
        Assert.Contains("dependency id=\"TorchSharp\"", text);
        Assert.DoesNotContain("TorchSharp-", text);
        Assert.DoesNotContain("libtorch", text.Split("<dependencies>")[1]);
        Assert.Equal(
            ["README.md", "lib/net10.0/PreciseBn.dll", "lib/net10.0/PreciseBn.xml"],
            package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("lib/") || name == "README.md").Order(StringComparer.Ordinal));
    }
}

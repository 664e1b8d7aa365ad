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

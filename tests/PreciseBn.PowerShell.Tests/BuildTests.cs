using PreciseBn.PowerShell.Tests.Support;

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
}

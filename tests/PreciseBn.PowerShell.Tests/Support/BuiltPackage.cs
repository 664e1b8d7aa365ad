namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>The modules for all platforms as they are published, made from the checkout.</summary>
public sealed class BuiltPackage : IDisposable
{
    private readonly string _work = Path.Combine(Repository.Root, "artifacts", $"test-{Guid.NewGuid():N}");

    /// <summary>Makes them, beside the checkout so that libtorch is linked rather than copied.</summary>
    public BuiltPackage()
    {
        foreach (var platform in Platforms)
        {
            var (exitCode, output, errors) = Programs.Dotnet(
                Repository.Root, new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" },
                "build", "src/PreciseBn.PowerShell", "-c", Programs.Configuration, "-r", platform, "--artifacts-path", Path.Combine(_work, "build", platform),
                $"-p:PackagesFolder={_work}", "-p:UseSharedCompilation=false", "-p:NuGetAudit=false");
            Assert.True(exitCode == 0, output + errors);
        }
        Folder = Assert.Single(Directory.GetDirectories(Path.Combine(_work, "PreciseBn")));
        Files = FilesOf(Folder);
    }

    /// <summary>The platforms that there is a package for.</summary>
    public static IEnumerable<string> Platforms => ["linux-x64", "osx-arm64", "win-x64"];

    /// <summary>The folder of the module PreciseBn.</summary>
    public string Folder { get; }

    /// <summary>What is in it, relative to it and with slashes.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The folder of the module with libtorch for a platform.</summary>
    public string LibTorchFolder(string platform) => Assert.Single(Directory.GetDirectories(Path.Combine(_work, $"PreciseBn.LibTorch.{platform}")));

    /// <summary>What is in a folder, relative to it and with slashes.</summary>
    public static string[] FilesOf(string folder) => [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>Deletes them.</summary>
    public void Dispose() => Directory.Delete(_work, recursive: true);
}

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>The package of the module for this machine, made from the checkout.</summary>
public sealed class BuiltPackage : IDisposable
{
    private readonly string _work = Path.Combine(Repository.Root, "artifacts", $"test-{Guid.NewGuid():N}");

    /// <summary>Makes the package, beside the checkout so that libtorch is linked rather than copied.</summary>
    public BuiltPackage()
    {
        Directory.CreateDirectory(_work);
        var (exitCode, output, errors) = Programs.Dotnet(
            Repository.Root, new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" },
            "pack", "src/PreciseBn.PowerShell", "-c", Programs.Configuration, "--artifacts-path", Path.Combine(_work, "build"),
            $"-p:PlatformFolder={_work}/", "-p:UseSharedCompilation=false", "-p:NuGetAudit=false");
        Assert.True(exitCode == 0, output + errors);
        Folder = Assert.Single(Directory.GetDirectories(Path.Combine(_work, "PreciseBn")));
        Archive = Assert.Single(Directory.GetFiles(_work, "*.nupkg"));
        Files = Directory.GetFiles(Folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal).ToArray();
    }

    /// <summary>The folder that is copied to a module path.</summary>
    public string Folder { get; }

    /// <summary>The package for a gallery.</summary>
    public string Archive { get; }

    /// <summary>What is in the folder, relative to it.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Deletes it.</summary>
    public void Dispose() => Directory.Delete(_work, recursive: true);
}

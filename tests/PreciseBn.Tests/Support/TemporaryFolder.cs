namespace PreciseBn.Tests.Support;

/// <summary>An empty folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("precise-bn-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Copies a fixture here, under its own name or another.</summary>
    public string Copy(string fixture, string? name = null)
    {
        var copy = File(name ?? fixture);
        System.IO.File.Copy(Fixtures.Path(fixture), copy);
        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

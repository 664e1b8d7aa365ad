namespace PreciseBn.Tests.Support;

/// <summary>The files that tests/fixtures/README.md describes.</summary>
internal static class Fixtures
{
    public static string Path(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "fixtures", name);
}

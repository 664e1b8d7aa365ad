namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>Finds the checkout that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Manifest => Path.Combine(Root, "PreciseBn.psd1");

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PreciseBn.psd1")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests are not below a checkout.");
        return folder.FullName;
    }
}

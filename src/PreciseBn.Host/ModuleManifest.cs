namespace PreciseBn.Host;

/// <summary>Finds the module that the host comes with.</summary>
internal static class ModuleManifest
{
    private const string FileName = "PreciseBn.psd1";

    /// <returns>The path of the manifest, in the folder of the host or above it; <c>null</c> if there is none.</returns>
    public static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, FileName);
            if (File.Exists(path))
                return path;
        }
        return null;
    }
}

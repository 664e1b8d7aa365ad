using PreciseBn.Primitives;

namespace PreciseBn.Data.Images;

/// <summary>Folders of images, with a folder for each class or without.</summary>
internal static class ImageFolder
{
    private static readonly HashSet<string> Endings =
        new([".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"], StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The image files in the folders and below them, in the order of torchvision's ImageFolder: by class, by folder in it, and
    /// by name.
    /// </summary>
    /// <exception cref="PreciseBnException">A folder has none.</exception>
    public static string[] Find(IReadOnlyList<string> folders) => folders.SelectMany(Find).ToArray();

    private static string[] Find(string folder)
    {
        var images = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => Endings.Contains(Path.GetExtension(path)))
            .Select(path => (Path: path, Folder: RelativeFolder(folder, path)))
            .OrderBy(image => Class(image.Folder), StringComparer.Ordinal)
            .ThenBy(image => image.Folder, StringComparer.Ordinal)
            .ThenBy(image => Path.GetFileName(image.Path), StringComparer.Ordinal)
            .Select(image => image.Path).ToArray();
        return images.Length > 0 ? images : throw DataErrors.NoImages(folder);
    }

    // One separator everywhere: shards that are measured on machines of several kinds have to see one order.
    private static string RelativeFolder(string folder, string path) =>
        Path.GetRelativePath(folder, Path.GetDirectoryName(path)!).Replace(Path.DirectorySeparatorChar, '/');

    private static string Class(string folder) => folder.Split('/', 2)[0];
}

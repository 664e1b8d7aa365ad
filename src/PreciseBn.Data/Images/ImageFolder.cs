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
            .Select(path => (Path: path, Folder: Path.GetRelativePath(folder, Path.GetDirectoryName(path)!)))
            .OrderBy(image => Class(image.Folder), StringComparer.Ordinal)
            .ThenBy(image => image.Folder, StringComparer.Ordinal)
            .ThenBy(image => image.Path, StringComparer.Ordinal)
            .Select(image => image.Path).ToArray();
        return images.Length > 0 ? images : throw DataErrors.NoImages(folder);
    }

    private static string Class(string folder) => folder.Split(Path.DirectorySeparatorChar, 2)[0];
}

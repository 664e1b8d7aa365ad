using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Data.Images;

/// <summary>Folders of images, with a folder for each class or without.</summary>
internal static class ImageFolder
{
    private static readonly HashSet<string> Endings =
        new([".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp"], StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The image files in the folders and below them, in the order of torchvision's ImageFolder: by class, by folder in it, and
    /// by name. Links to folders are followed, but not back to a folder that they are in.
    /// </summary>
    /// <param name="folders">The folders.</param>
    /// <param name="onUnreadable">Told about folders in them that may not be read, which are left out; <c>null</c> makes them an error.</param>
    /// <exception cref="PreciseBnException">A folder has none, or may not be read.</exception>
    public static ImagePath[] Find(IReadOnlyList<string> folders, Action<string>? onUnreadable = null) =>
        folders.SelectMany(folder => Find(folder, onUnreadable)).ToArray();

    /// <summary>The number of the class of each image: that of its class among the names of all, in their order.</summary>
    /// <param name="folders">The folders that the images were found in, each with folders for the classes.</param>
    /// <param name="images">The images.</param>
    /// <exception cref="PreciseBnException">An image is in no class, or a class has no images.</exception>
    public static long[] Classes(IReadOnlyList<string> folders, IReadOnlyList<ImagePath> images)
    {
        if (images.FirstOrDefault(image => image.Class == ".") is { } loose)
            throw DataErrors.NoClasses(Path.GetDirectoryName(loose.Path)!, loose.Path);
        var names = images.Select(image => image.Class).Distinct().Order(StringComparer.Ordinal).ToArray();
        if (folders.SelectMany(Directory.GetDirectories).FirstOrDefault(folder => !names.Contains(Path.GetFileName(folder))) is { } empty)
            throw DataErrors.EmptyClass(empty);
        return images.Select(image => (long)Array.BinarySearch(names, image.Class, StringComparer.Ordinal)).ToArray();
    }

    private static ImagePath[] Find(string folder, Action<string>? onUnreadable)
    {
        var images = Files(folder, [], onUnreadable)
            .Where(path => Endings.Contains(Path.GetExtension(path)))
            .Select(path => (Path: path, Folder: RelativeFolder(folder, path)))
            .OrderBy(image => Class(image.Folder), StringComparer.Ordinal)
            .ThenBy(image => image.Folder, StringComparer.Ordinal)
            .ThenBy(image => Path.GetFileName(image.Path), StringComparer.Ordinal)
            .Select(image => new ImagePath(image.Path, Class(image.Folder))).ToArray();
        return images.Length > 0 ? images : throw DataErrors.NoImages(folder);
    }

    private static IEnumerable<string> Files(string folder, IReadOnlyCollection<object> within, Action<string>? onUnreadable)
    {
        if (!TryRead(folder, within.Count > 0 ? onUnreadable : null, out var files, out var folders, out var identity) || within.Contains(identity))
            return [];
        object[] path = [.. within, identity];
        return files.Concat(folders.SelectMany(inner => Files(inner, path, onUnreadable)));
    }

    private static bool TryRead(string folder, Action<string>? onUnreadable, out string[] files, out string[] folders, out object identity)
    {
        (files, folders, identity) = ([], [], folder);
        try
        {
            identity = Identify(folder);
            files = Directory.GetFiles(folder);
            folders = Directory.GetDirectories(folder);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (onUnreadable is null)
                throw e is IOException ? FileErrors.ReadFailed(folder, e) : FileErrors.AccessDenied(folder, e);
            onUnreadable(folder);
            return false;
        }
    }

    // What is the same for all paths to a folder.
    private static object Identify(string folder) => OperatingSystem.IsWindows()
        ? new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder
        : FileStatus.At(folder) is { Identity: var identity } ? (identity.Volume, identity.Index) : folder;

    // One separator everywhere: shards that are measured on machines of several kinds have to see one order.
    private static string RelativeFolder(string folder, string path) =>
        Path.GetRelativePath(folder, Path.GetDirectoryName(path)!).Replace(Path.DirectorySeparatorChar, '/');

    private static string Class(string folder) => folder.Split('/', 2)[0];
}

/// <summary>An image file.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Class">Name of the folder that it is in, or a folder of it, among those of all images; a point if it is in none.</param>
internal sealed record ImagePath(string Path, string Class);

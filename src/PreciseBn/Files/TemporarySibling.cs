using System.Text.RegularExpressions;

namespace PreciseBn.Files;

/// <summary>The files that exist beside a file while it is being written: hidden, and with names that tell what they belong to.</summary>
internal static class TemporarySibling
{
    /// <summary>A name that no other process has.</summary>
    public static string New(string file) => Named(file, $"{Guid.NewGuid():N}.tmp");

    /// <summary>The name of the lock, which is the same for all.</summary>
    public static string Lock(string file) => Named(file, "lock");

    /// <summary>Makes one.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="isPrivate">Whether only this user may read it, until it gets the mode of another file.</param>
    public static FileStream Create(string path, bool isPrivate)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (isPrivate && !OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        Hide(file);
        return file;
    }

    /// <summary>Hides what is hidden by its name elsewhere.</summary>
    public static void Hide(FileStream file)
    {
        if (OperatingSystem.IsWindows())
            File.SetAttributes(file.SafeFileHandle, FileAttributes.Hidden);
    }

    /// <summary>Removes what processes have left that were killed while they wrote the file.</summary>
    public static void RemoveLeftovers(string file)
    {
        var name = new Regex($@"^\.{Regex.Escape(Path.GetFileName(file))}\.[0-9a-f]{{32}}\.tmp$");
        try
        {
            foreach (var sibling in Directory.EnumerateFiles(Path.GetDirectoryName(file)!, ".*.tmp").Where(sibling => name.IsMatch(Path.GetFileName(sibling))))
                Remove(sibling);
        }
        catch (UnauthorizedAccessException)
        {
            // A folder that may be written in and not be looked into keeps them.
        }
    }

    /// <summary>Removes one, if that is possible.</summary>
    /// <remarks>
    /// Where it is not, as it belongs to somebody else or a virus scanner looks at it, it harms nobody, and the next who writes the
    /// file tries again. It must not hide what went wrong before.
    /// </remarks>
    public static void Remove(string path)
    {
        try
        {
            FileSharing.Retry(() => File.Delete(path), FileSharing.MayBeViolation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static string Named(string file, string ending) =>
        Path.Combine(Path.GetDirectoryName(file)!, $".{Path.GetFileName(file)}.{ending}");
}

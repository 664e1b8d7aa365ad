namespace PreciseBn.Archives;

/// <summary>Tells beforehand, as far as that can be told, whether a file can be replaced or made.</summary>
internal static class WritableFile
{
    /// <summary>The file itself that a path leads to; a symbolic link stands for the file at its end.</summary>
    public static string FollowLinks(string path) => new FileInfo(path) is { LinkTarget: not null } link
        ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName
        : Path.GetFullPath(path);

    /// <exception cref="PreciseBnException">The file is read-only, or its folder missing or not to be written in.</exception>
    public static void Require(string path)
    {
        var file = FollowLinks(path);
        if (Directory.Exists(file))
            throw FileErrors.IsDirectory(file);
        if (File.Exists(file) && File.GetAttributes(file).HasFlag(FileAttributes.ReadOnly))
            throw FileErrors.ReadOnly(file);
        Try(file, () =>
        {
            File.OpenHandle(TemporarySibling.New(file), FileMode.CreateNew, FileAccess.Write, options: FileOptions.DeleteOnClose).Dispose();
        });
    }

    /// <summary>Runs what writes a file; what the operating system refuses comes as an error for the user.</summary>
    public static void Try(string file, Action action)
    {
        try
        {
            action();
        }
        catch (DirectoryNotFoundException)
        {
            throw FileErrors.NoSuchFolder(file);
        }
        catch (UnauthorizedAccessException e)
        {
            throw FileErrors.AccessDenied(file, e);
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            // The latter is how .NET says that a file is larger than the file system or a quota allows.
            throw FileErrors.WriteFailed(file, e);
        }
    }
}

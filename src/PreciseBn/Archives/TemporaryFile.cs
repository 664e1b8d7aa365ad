namespace PreciseBn.Archives;

/// <summary>
/// Makes files in the folder of temporary files. They are not buffered, as a buffer would be written, and fail, once more when a
/// file is disposed of because its disk is full.
/// </summary>
internal static class TemporaryFile
{
    /// <summary>What to do if one cannot be made.</summary>
    public const string Advice =
        "Make room in the folder of temporary files, or name another by the environment variable TMPDIR (TMP in Windows).";

    /// <summary>Bytes that are worth writing at once.</summary>
    public const int BufferSize = 1 << 16;

    /// <summary>A path that nothing is at.</summary>
    public static string NewPath() => Path.Combine(Path.GetTempPath(), $"precise-bn-{Path.GetRandomFileName()}");

    /// <summary>Makes a file at a path, which only this user may read.</summary>
    public static FileStream Create(string path, FileOptions fileOptions = FileOptions.None)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            BufferSize = 0,
            Options = fileOptions,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }

    /// <summary>Makes a file without a name: it is gone with the process, however that ends.</summary>
    public static FileStream CreateNameless()
    {
        var path = NewPath();
        if (OperatingSystem.IsWindows())
            return Create(path, FileOptions.DeleteOnClose);
        var file = Create(path);
        File.Delete(path);
        return file;
    }
}

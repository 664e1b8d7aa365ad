using System.Diagnostics;
using System.Globalization;

namespace PreciseBn.Files;

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

    private const string Prefix = "precise-bn-";

    /// <summary>A path that nothing is at, which tells whose it is.</summary>
    public static string NewPath() => Path.Combine(Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}-{Path.GetRandomFileName()}");

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
        TemporarySibling.Remove(path);
        return file;
    }

    /// <summary>Removes one. What something still holds open is emptied, and left to <see cref="RemoveAbandoned"/>.</summary>
    public static void Remove(string path)
    {
        TemporarySibling.Remove(path);
        if (!File.Exists(path))
            return;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            file.SetLength(0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is removed by the next process; this must not hide what went wrong before.
        }
    }

    /// <summary>Removes what processes have left that are no more.</summary>
    public static void RemoveAbandoned()
    {
        foreach (var path in Directory.EnumerateFiles(Path.GetTempPath(), $"{Prefix}*-*"))
        {
            if (int.TryParse(Path.GetFileName(path)[Prefix.Length..].Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var process) && !IsRunning(process))
                TemporarySibling.Remove(path);
        }
    }

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

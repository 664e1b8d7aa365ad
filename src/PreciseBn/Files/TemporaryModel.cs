using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>
/// A model in a temporary file, for libtorch to read by its path. Where the open files of a process have paths, in Linux, it has no
/// name of its own, so that nothing is left of it even if the process is killed.
/// </summary>
internal sealed class TemporaryModel : IDisposable
{
    private const string OpenFiles = "/proc/self/fd";

    private readonly string _source;
    private readonly FileStream? _nameless;

    /// <param name="source">The model that it is made of, for messages.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="isNameless">Whether the file is to have no name; by default, if it can do without.</param>
    /// <exception cref="PreciseBnException">There is no room for it.</exception>
    public TemporaryModel(string source, Action<Stream> write, bool? isNameless = null)
    {
        _source = source;
        Path = "";
        try
        {
            if (isNameless ?? (OperatingSystem.IsLinux() && Directory.Exists(OpenFiles)))
            {
                _nameless = TemporaryFile.CreateNameless();
                Write(_nameless, write);
                Path = $"{OpenFiles}/{_nameless.SafeFileHandle.DangerousGetHandle()}";
            }
            else
            {
                TemporaryFile.RemoveAbandoned();
                Path = TemporaryFile.NewPath();
                using var file = TemporaryFile.Create(Path);
                Write(file, write);
            }
        }
        catch (Exception e)
        {
            Dispose();
            if (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
                throw FileErrors.NoRoom(source, e);
            throw;
        }
    }

    /// <summary>Where this process can read it.</summary>
    public string Path { get; }

    /// <summary>The path as libtorch can be given it; <c>null</c> if it cannot, and has to be given the bytes.</summary>
    public string? NarrowPath => Files.NarrowPath.Of(Path);

    /// <summary>Its bytes.</summary>
    /// <exception cref="PreciseBnException">They are too many.</exception>
    public byte[] ReadAll() =>
        new FileInfo(Path).Length <= Array.MaxLength ? File.ReadAllBytes(Path) : throw FileErrors.NoNarrowPath(_source, Path);

    public void Dispose()
    {
        _nameless?.Dispose();
        if (_nameless is null && Path.Length > 0)
            TemporaryFile.Remove(Path);
    }

    private static void Write(FileStream file, Action<Stream> write)
    {
        var buffer = new BufferedStream(file, TemporaryFile.BufferSize);
        write(buffer);
        buffer.Flush();
    }
}

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

    /// <summary>Bytes that are free where these files are; the most there can be, where that is not known.</summary>
    public static long FreeSpace()
    {
        try
        {
            return new DriveInfo(Path.GetTempPath()).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return long.MaxValue;
        }
    }

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

/// <summary>
/// Paths for libraries that take them in bytes. In Windows these are characters of the code page of the machine, which knows
/// <c>Łukasz</c> in Warsaw and not in Lisbon.
/// </summary>
internal static partial class NarrowPath
{
    private const int LongestPath = 32767;

    /// <summary>A path to the same file that keeps its characters as bytes; <c>null</c> if there is none.</summary>
    public static string? Of(string path)
    {
        if (!OperatingSystem.IsWindows() || IsKept(path))
            return path;
        var name = new char[LongestPath];
        var length = GetShortPathName(path, name, name.Length);
        var shortened = new string(name, 0, Math.Min(length, name.Length));
        // Not every volume has short names.
        return length > 0 && IsKept(shortened) ? shortened : null;
    }

    private static bool IsKept(string path)
    {
        var bytes = Marshal.StringToHGlobalAnsi(path);
        try
        {
            return Marshal.PtrToStringAnsi(bytes) == path;
        }
        finally
        {
            Marshal.FreeHGlobal(bytes);
        }
    }

    [LibraryImport("kernel32", EntryPoint = "GetShortPathNameW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial int GetShortPathName(string path, [Out] char[] shortened, int length);
}

using System.Runtime.InteropServices;

namespace PreciseBn.Files;

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

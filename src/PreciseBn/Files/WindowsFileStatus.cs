using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static System.Buffers.Binary.BinaryPrimitives;

namespace PreciseBn.Files;

/// <summary>Asks Windows by GetFileInformationByHandle, which every file system of it answers.</summary>
internal static partial class WindowsFileStatus
{
    private const uint OnDisk = 1;

    private const int Size = 52;
    private const int LastWriteTime = 20;
    private const int Volume = 28;
    private const int LengthHigh = 32;
    private const int LengthLow = 36;
    private const int Links = 40;
    private const int IndexHigh = 44;
    private const int IndexLow = 48;

    public static FileStatus Of(SafeFileHandle handle)
    {
        if (GetFileType(handle) != OnDisk)
            return default;
        var information = new byte[Size];
        if (!GetFileInformationByHandle(handle, information))
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        return new FileStatus
        {
            Identity = new FileIdentity(
                ReadUInt32LittleEndian(information.AsSpan(Volume)),
                Join(information, IndexHigh, IndexLow),
                (long)Join(information, LengthHigh, LengthLow),
                ReadInt64LittleEndian(information.AsSpan(LastWriteTime))),
            Links = ReadUInt32LittleEndian(information.AsSpan(Links)),
            IsRegular = true,
        };
    }

    private static ulong Join(ReadOnlySpan<byte> bytes, int high, int low) =>
        ((ulong)ReadUInt32LittleEndian(bytes[high..]) << 32) | ReadUInt32LittleEndian(bytes[low..]);

    [LibraryImport("kernel32")]
    private static partial uint GetFileType(SafeFileHandle file);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetFileInformationByHandle(SafeFileHandle file, byte[] information);
}

/// <summary>
/// Names that Windows takes for something else than a file in a folder: devices, which have their names in every folder and with
/// every ending, and streams beside the contents of a file.
/// </summary>
internal static class ReservedName
{
    private const string DeviceNamespace = @"\\.\";
    private const string Superscripts = "¹²³";

    private static readonly HashSet<string> Devices = new(
        [
            "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
            .. from port in new[] { "COM", "LPT" } from number in "0123456789" + Superscripts select $"{port}{number}",
        ], StringComparer.OrdinalIgnoreCase);

    /// <param name="path">A full path of Windows.</param>
    public static bool Is(string path)
    {
        var name = path[(path.LastIndexOfAny(['\\', '/']) + 1)..];
        return path.StartsWith(DeviceNamespace, StringComparison.Ordinal) || name.Contains(':') || Devices.Contains(name.Split('.')[0].TrimEnd(' '));
    }
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PreciseBn.Archives;

/// <summary>Gives a file the owner, group and mode of another, where the operating system has these.</summary>
internal static partial class FileOwnership
{
    private const string C = "libc";
    private const int CurrentFolder = -100;
    private const uint OwnerAndGroup = 0x8 | 0x10;

    // struct statx of Linux: stx_uid and stx_gid stand at the same place on every processor.
    private const int StatxSize = 256;
    private const int StatxOwner = 20;
    private const int StatxGroup = 24;

    /// <exception cref="PreciseBnException">The process may not do so: it belongs to neither of them.</exception>
    public static void Copy(string from, string to)
    {
        if (OperatingSystem.IsWindows())
            return;
        if (OperatingSystem.IsLinux() && Owner(from) is { } wanted && Owner(to) is { } owner && wanted != owner
            && ChangeOwner(to, wanted.User, wanted.Group) != 0)
            throw FileErrors.OwnerNotKept(from);
        // After the owner: changing that clears bits of the mode.
        File.SetUnixFileMode(to, File.GetUnixFileMode(from));
    }

    private static (uint User, uint Group)? Owner(string path)
    {
        var buffer = new byte[StatxSize];
        return Statx(CurrentFolder, path, 0, OwnerAndGroup, buffer) == 0
            ? (BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(StatxOwner)), BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(StatxGroup)))
            : null;
    }

    [LibraryImport(C, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte[] buffer);

    [LibraryImport(C, EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}

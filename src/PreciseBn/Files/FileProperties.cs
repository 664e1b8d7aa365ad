using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using PreciseBn.Primitives;

namespace PreciseBn.Files;

/// <summary>
/// Gives a file what another has besides its contents: owner, group and mode, or attributes and the access rules that are its own.
/// </summary>
internal static partial class FileProperties
{
    /// <summary>Makes a file that takes the place of another, or keeps it, look like that.</summary>
    /// <exception cref="PreciseBnException">The process may not do so: it belongs to neither of them.</exception>
    public static void Copy(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            WindowsFileProperties.Copy(from, to);
            return;
        }
        if (FileStatus.At(from) is { } wanted && FileStatus.At(to) is { } now && wanted.Owner != now.Owner
            && ChangeOwner(to, wanted.Owner.User, wanted.Owner.Group) != 0)
            throw FileErrors.OwnerNotKept(from);
        // After the owner: changing that clears bits of the mode.
        File.SetUnixFileMode(to, File.GetUnixFileMode(from));
    }

    /// <summary>Makes a file at a new place one like any other, or as open to others as the one that it was made of; it stays writable.</summary>
    public static void Show(string path, string? original)
    {
        if (OperatingSystem.IsWindows())
            WindowsFileProperties.Show(path);
        else if (original is not null)
            File.SetUnixFileMode(path, (File.GetUnixFileMode(original) & ~(UnixFileMode.SetUser | UnixFileMode.SetGroup)) | UnixFileMode.UserWrite);
    }

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}

/// <summary>Attributes and access rules of Windows.</summary>
[SupportedOSPlatform("windows")]
internal static class WindowsFileProperties
{
    private const FileAttributes Kept =
        FileAttributes.Hidden | FileAttributes.System | FileAttributes.Archive | FileAttributes.NotContentIndexed;

    public static void Copy(string from, string to)
    {
        CopyRules(new FileInfo(from), new FileInfo(to));
        SetAttributes(to, File.GetAttributes(from) & Kept);
    }

    /// <summary>Has it seen, as it is no temporary file any more.</summary>
    public static void Show(string path) => SetAttributes(path, FileAttributes.Archive);

    private static void SetAttributes(string path, FileAttributes attributes) =>
        File.SetAttributes(path, attributes == 0 ? FileAttributes.Normal : attributes);

    // Rules that come from the folder come to the new file from it too.
    private static void CopyRules(FileInfo from, FileInfo to)
    {
        if (ReadRules(from) is not { } rules)
            return;
        if (!rules.AreAccessRulesProtected && rules.GetAccessRules(includeExplicit: true, includeInherited: false, typeof(SecurityIdentifier)).Count == 0)
            return;
        var copy = new FileSecurity();
        copy.SetSecurityDescriptorSddlForm(rules.GetSecurityDescriptorSddlForm(AccessControlSections.Access), AccessControlSections.Access);
        to.SetAccessControl(copy);
    }

    private static FileSecurity? ReadRules(FileInfo file)
    {
        try
        {
            return file.GetAccessControl(AccessControlSections.Access);
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            // A file system without rules, such as FAT.
            return null;
        }
    }
}

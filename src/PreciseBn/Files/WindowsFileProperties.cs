using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace PreciseBn.Files;

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

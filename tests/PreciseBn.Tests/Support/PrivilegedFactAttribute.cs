namespace PreciseBn.Tests.Support;

/// <summary>A test that needs the rights of root on Linux, and is skipped with a message where it has not got them.</summary>
internal sealed class PrivilegedFactAttribute : FactAttribute
{
    public PrivilegedFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            Skip = "Only root on Linux can give files to other users.";
    }
}

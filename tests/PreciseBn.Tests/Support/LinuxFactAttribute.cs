namespace PreciseBn.Tests.Support;

/// <summary>A test that uses bash and signals, and is skipped with a message elsewhere.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
            Skip = "This needs the signals and limits of Linux.";
    }
}

namespace PreciseBn.Tests.Support;

/// <summary>A test of something that Linux alone has, and is skipped elsewhere.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    /// <param name="what">What that is.</param>
    public LinuxFactAttribute(string what)
    {
        if (!OperatingSystem.IsLinux())
            Skip = $"This needs {what}, which Linux has.";
    }
}

namespace PreciseBn.Tests.Support;

/// <summary>A test of something that only Windows does, and is skipped elsewhere.</summary>
internal sealed class WindowsFactAttribute : FactAttribute
{
    /// <param name="what">What that is.</param>
    public WindowsFactAttribute(string what)
    {
        if (!OperatingSystem.IsWindows())
            Skip = $"Only Windows {what}.";
    }
}

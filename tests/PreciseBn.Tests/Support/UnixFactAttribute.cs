namespace PreciseBn.Tests.Support;

/// <summary>A test of something that Windows has not, or not for everybody, and is skipped there.</summary>
internal sealed class UnixFactAttribute : FactAttribute
{
    /// <param name="what">What that is.</param>
    public UnixFactAttribute(string what)
    {
        if (OperatingSystem.IsWindows())
            Skip = $"This needs {what}.";
    }
}

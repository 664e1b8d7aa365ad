namespace PreciseBn.Tests.Support;

/// <summary>Tests of something that Windows has not, or not for everybody, and are skipped there.</summary>
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    /// <param name="what">What that is.</param>
    public UnixTheoryAttribute(string what)
    {
        if (OperatingSystem.IsWindows())
            Skip = $"This needs {what}.";
    }
}

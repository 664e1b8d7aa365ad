namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>A test that needs Chromium and its driver, and is skipped with a message where they are not on the path.</summary>
internal sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute()
    {
        if (Browser.Program is null || Browser.Driver is null)
            Skip = "There is no Chromium with its driver (Debian's packages chromium and chromium-driver).";
    }
}

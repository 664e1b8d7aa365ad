namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>The help of the module.</summary>
internal static class HelpFolder
{
    public static string Source { get; } = Path.Combine(Repository.Root, "module/help");
}

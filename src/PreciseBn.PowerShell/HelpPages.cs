namespace PreciseBn.PowerShell;

/// <summary>Where the help of the cmdlets can be read with a browser.</summary>
internal static class HelpPages
{
    /// <summary>The folder with a page for each cmdlet.</summary>
    public const string Folder = "https://github.com/PreciseBn/PreciseBn.PowerShell/blob/main/module/help/";
}

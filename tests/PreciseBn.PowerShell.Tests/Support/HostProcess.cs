namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>PowerShell with the module, as a process.</summary>
internal static class HostProcess
{
    /// <summary>Runs a script in a folder to its end.</summary>
    public static (int ExitCode, string Output, string Errors) Run(string folder, string script) => Programs.Dotnet(
        Repository.Root, new Dictionary<string, string> { ["NO_COLOR"] = "1" }, "tool", "run", "pwsh", "-NoProfile", "-NonInteractive", "-Command",
        $"Import-Module '{Repository.Manifest}'; Set-Location '{folder}'; {script}");
}

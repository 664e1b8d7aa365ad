namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>The module's own host, as a process.</summary>
internal static class HostProcess
{
    /// <summary>Runs it in a folder to its end.</summary>
    public static (int ExitCode, string Output, string Errors) Run(string folder, params IEnumerable<string> arguments) =>
        Programs.Dotnet(folder, new Dictionary<string, string>(), arguments.Prepend(Path.Combine(Programs.HostFolder, "PreciseBn.Host.dll")));
}

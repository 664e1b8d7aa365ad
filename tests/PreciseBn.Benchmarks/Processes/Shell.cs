using System.Diagnostics;
using PreciseBn.PowerShell.Tests.Support;

namespace PreciseBn.Benchmarks.Processes;

/// <summary>Starts PowerShell, or the module's own host where there is none, to run a command with the module.</summary>
internal sealed class Shell
{
    private static readonly string Host = Path.Combine(Repository.Root, "src/PreciseBn.Host/bin/Release/net10.0/PreciseBn.Host.dll");
    private static readonly string Module = Path.Combine(Repository.Root, "PreciseBn.psd1");

    private readonly bool _hasPowerShell = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh")));

    public string Name => _hasPowerShell ? "pwsh" : "host";

    /// <summary>A process that runs the command, and then prints the seconds of that and the peak of its memory in bytes.</summary>
    public ProcessStartInfo Command(string command)
    {
        var script = $"$clock = [System.Diagnostics.Stopwatch]::StartNew(); {command} | Out-Null; $clock.Elapsed.TotalSeconds; "
            + "[System.Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64";
        return _hasPowerShell
            ? new ProcessStartInfo("pwsh", ["-NoProfile", "-NonInteractive", "-Command", $"Import-Module '{Module}'; {script}"])
            : new ProcessStartInfo("dotnet", [Host, "-Command", script]);
    }
}

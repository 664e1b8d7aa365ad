using System.Diagnostics;
using PreciseBn.PowerShell.Tests.Support;

namespace PreciseBn.Benchmarks.Processes;

/// <summary>Starts PowerShell to run a command with the module.</summary>
internal static class Shell
{
    private static readonly string Module = Path.Combine(Repository.Root, "PreciseBn.psd1");

    private static readonly string Program = FindProgram();

    /// <summary>A process that runs the command, and then prints the seconds of that and the peak of its memory in bytes.</summary>
    public static ProcessStartInfo Command(string command)
    {
        var script = $"Import-Module '{Module}'; $clock = [System.Diagnostics.Stopwatch]::StartNew(); {command} | Out-Null; "
            + "$clock.Elapsed.TotalSeconds; [System.Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64";
        return new ProcessStartInfo(Program, ["-NoProfile", "-NonInteractive", "-Command", script]);
    }

    // Started by itself: what "dotnet tool run" does first is not PowerShell's time.
    private static string FindProgram()
    {
        var start = new ProcessStartInfo("dotnet", ["tool", "run", "pwsh", "-NoProfile", "-Command", "$PSHOME"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        return Path.Combine(process.StandardOutput.ReadToEnd().Trim(), OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh");
    }
}

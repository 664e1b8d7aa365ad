using System.Diagnostics;

namespace PreciseBn.Benchmarks.Processes;

/// <summary>What a process took from its start to its end.</summary>
/// <param name="Seconds">Time.</param>
/// <param name="Output">What it printed.</param>
internal sealed record WholeProcess(double Seconds, string Output)
{
    public static WholeProcess Run(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? new WholeProcess(clock.Elapsed.TotalSeconds, output)
            : throw new InvalidOperationException($"'{start.FileName}' failed.");
    }
}

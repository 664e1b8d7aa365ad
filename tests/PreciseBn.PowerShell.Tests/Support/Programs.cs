using System.Diagnostics;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>Runs programs to their end.</summary>
internal static class Programs
{
#if DEBUG
    public const string Configuration = "Debug";
#else
    public const string Configuration = "Release";
#endif

    /// <summary>Runs an assembly, or a command of the SDK.</summary>
    /// <param name="folder">The working folder.</param>
    /// <param name="environment">Variables that are set for it.</param>
    /// <param name="arguments">What stands after <c>dotnet</c>.</param>
    public static (int ExitCode, string Output, string Errors) Dotnet(
        string folder, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}

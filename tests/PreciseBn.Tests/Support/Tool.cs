using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PreciseBn.Tests.Support;

/// <summary>Runs other programs.</summary>
internal static class Tool
{
    public static Process Start(string program, params string[] arguments) => Start(new Dictionary<string, string>(), program, arguments);

    public static Process Start(IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                // A .NET program that is killed would leave its diagnostics pipe behind.
                ["DOTNET_EnableDiagnostics"] = "0",
                // The .NET that runs the tests need not be where programs look for it.
                ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..")),
            },
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Runs a program to its end.</summary>
    public static (int ExitCode, string Output, string Errors) Run(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}

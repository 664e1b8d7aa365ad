using System.Diagnostics;

namespace PreciseBn.Tests.Support;

/// <summary>Runs other programs.</summary>
internal static class Tool
{
    public static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        // A .NET program that is killed would leave its diagnostics pipe behind.
        Environment = { ["DOTNET_EnableDiagnostics"] = "0" },
    })!;

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

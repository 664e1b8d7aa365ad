using System.Diagnostics;

namespace PreciseBn.Tests.Support;

/// <summary>The program that writes files, as another process.</summary>
internal static class FileWriter
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "PreciseBn.FileWriter.exe" : "PreciseBn.FileWriter");

    public static Process Start(params string[] arguments) => Tool.Start(Program, arguments);

    public static Process Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) => Tool.Start(environment, Program, arguments);

    /// <summary>Runs it to its end where no file can grow beyond a size, as if the disk were full.</summary>
    public static (int ExitCode, string Output, string Errors) RunOnFullDisk(int limitInKibibytes, params string[] arguments) => Tool.Run(
        // .NET maps the code that it compiles by a file that is larger.
        "bash", ["-c", $"export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f {limitInKibibytes}; exec \"$@\"", "bash", Program, .. arguments]);
}

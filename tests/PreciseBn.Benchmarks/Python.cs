using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace PreciseBn.Benchmarks;

/// <summary>Runs peer.py and other programs beside it. The environment variable PRECISEBN_PYTHON names the interpreter; by default it is <c>python3</c>.</summary>
internal static class Python
{
    private static readonly string Interpreter = Environment.GetEnvironmentVariable("PRECISEBN_PYTHON") ?? "python3";

    public static ProcessStartInfo Command(params string?[] arguments) => CommandOf("peer.py", arguments);

    /// <summary>Runs peer.py to its end.</summary>
    /// <returns>What it printed.</returns>
    public static JsonElement Run(params string?[] arguments) => Run(Command(arguments));

    /// <summary>Runs another program to its end.</summary>
    /// <returns>What it printed.</returns>
    public static JsonElement RunProgram(string program, params string?[] arguments) => Run(CommandOf(program, arguments));

    private static ProcessStartInfo CommandOf(string program, string?[] arguments) => new(
        Interpreter, [Path.Combine(AppContext.BaseDirectory, program), .. arguments.OfType<string>()])
    {
        RedirectStandardOutput = true,
        RedirectStandardInput = true,
    };

    /// <summary>Whether there is a Python that has fvcore, as a package or in that file.</summary>
    public static bool HasFvCore(string? file)
    {
        try
        {
            return Run("find", file).GetProperty("found").GetBoolean();
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            return false;
        }
    }

    private static JsonElement Run(ProcessStartInfo command)
    {
        using var process = Process.Start(command)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? JsonDocument.Parse(output).RootElement : throw new InvalidOperationException("The Python side failed.");
    }
}

using System.Diagnostics;
using System.Text.Json;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>
/// A process that runs batches, some in each of its turns, and meanwhile waits. Requests and answers are JSON, a line each.
/// </summary>
internal sealed class Contestant : IDisposable
{
    private readonly Process _process;
    private readonly List<double> _batches = [];

    public Contestant(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
    }

    /// <summary>Prepares a run.</summary>
    public void Prepare(object request)
    {
        _batches.Clear();
        Ask(request);
    }

    /// <summary>Gives it a turn.</summary>
    /// <returns>The times of the run, if it is at its end.</returns>
    public RunTimes? TakeTurn()
    {
        var answer = Ask(new { });
        _batches.AddRange(answer.GetProperty("seconds").EnumerateArray().Select(seconds => seconds.GetDouble()));
        return answer.TryGetProperty("end", out var end) ? new RunTimes([.. _batches], end.GetDouble()) : null;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private JsonElement Ask(object request)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"'{_process.StartInfo.FileName}' failed.");
        return JsonDocument.Parse(answer).RootElement;
    }
}
